# rows_torch.py - PyTorch, torchvision, Lightning, Hugging Face: one construct is one row
# SPDX-License-Identifier: Apache-2.0
import re

from .flags import Flag
from .table import Draw, LIKELY, OPEN, Row, SURE, Seed, above, both, first_is, gradient_on_gpu, is_false, is_one_of, is_true, \
    lacks, not_false, on_gpu

_ALL = "python numpy torch"

SEEDS = [
    Seed("torch.manual_seed", "torch"),
    Seed("torch.set_rng_state", "torch", 0, "-"),
    Seed("torch.seed", "torch", 9, "-"),
    Seed("lightning.seed_everything", _ALL, 0, "-"),  # without a number: PL_GLOBAL_SEED, or 0
    Seed("transformers.set_seed transformers.enable_full_determinism accelerate.set_seed diffusers.training_utils.set_seed",
         _ALL),
    Seed("lightning.cli.LightningCLI", _ALL, 9, "-", lambda c: not is_false("seed_everything_default")(c)),
    Seed("transformers.Trainer transformers.Seq2SeqTrainer trl.SFTTrainer", _ALL, 9, "-"),  # TrainingArguments.seed, 42
    Seed("torch_geometric.seed_everything pyro.set_rng_seed", _ALL),
]

_GENERATOR = lacks("generator")
_LAYERS = ("Linear|Bilinear|LazyLinear|Conv1d|Conv2d|Conv3d|ConvTranspose1d|ConvTranspose2d|ConvTranspose3d|LazyConv2d|"
           "Embedding|EmbeddingBag|LSTM|GRU|RNN|LSTMCell|GRUCell|RNNCell|MultiheadAttention|Transformer|TransformerEncoder|"
           "TransformerEncoderLayer|TransformerDecoder|TransformerDecoderLayer")

DRAWS = [
    Draw("torch.nn." + _LAYERS, "torch", "init"),
    Draw("torch.nn.init.uniform_|normal_|trunc_normal_|xavier_uniform_|xavier_normal_|xavier_uniform|kaiming_uniform_|"
         "kaiming_normal_|kaiming_normal|orthogonal_|sparse_", "torch", "init", _GENERATOR),
    Draw("torchvision.models.* timm.create_model", "torch", "init",  # timm may give a trained model another head
         lambda c: c.path.startswith("timm") or c.path.count(".") == 2 and c.path.rpartition(".")[2][:1].islower() and not (
             is_true("pretrained", 0)(c) or "weights" in c.keywords and not lacks("weights")(c))),
    Draw("transformers.*", "torch", "init", lambda c: c.path.endswith(".from_config")),
    Draw("*.from_pretrained", "torch", "init",  # a head that the file has not
         lambda c: re.match(r"transformers\..*For\w*(Classification|Choice|Answering|Detection|Segmentation|CTC)\.", c.path) is not None),
    Draw("torch.rand|randn|randint|normal|bernoulli|multinomial|rand_like|randn_like|randint_like|poisson", "torch", "numbers",
         _GENERATOR),
    Draw("torch.randperm", "torch", "order", _GENERATOR),
    Draw("torch.utils.data.DataLoader", "torch", "order", both(is_true("shuffle", 2), lacks("generator", "sampler", "batch_sampler")),
         True),
    Draw("torch.utils.data.RandomSampler|WeightedRandomSampler|SubsetRandomSampler", "torch", "order", _GENERATOR, True),
    Draw("torch.utils.data.random_split", "torch", "order", _GENERATOR),
    Draw("torchvision.transforms.Random* torchvision.transforms.ColorJitter|AutoAugment|RandAugment|TrivialAugmentWide|AugMix|"
         "MixUp|CutMix", "torch", "augment", late=True),
    Draw("torch.nn.Dropout|Dropout1d|Dropout2d|Dropout3d|AlphaDropout", "torch", "dropout", late=True),
    Draw("torch.nn.functional.dropout|dropout2d|dropout3d|gumbel_softmax", "torch", "dropout"),
    Draw("torch.distributions.Categorical().sample torch.distributions.Normal().sample|rsample "
         "torch.distributions.Bernoulli().sample", "torch", "numbers"),
]

_ATOMIC = "on a GPU it adds in an order by chance"
_OPS = ("torch.use_deterministic_algorithms(True): it is replaced where there is another, and refused where there is not")

ROWS = [
    Row("torch.seed torch.cuda.seed torch.cuda.seed_all *.seed_all_from_system", "seeds", SURE,
        "it seeds by chance, another way in each run", "torch.manual_seed(1)"),
    Row("torch.Generator().seed", "seeds", SURE, "it seeds by chance, another way in each run", "generator.manual_seed(1)"),
    Row("torch.Generator().manual_seed", "seeds", SURE, "a seed by chance is another in each run: {chance}",
        "a constant, e.g. 1", lambda c: c.chance is not None, ("seed", "1")),
    Row("torch.backends.cudnn.benchmark=", "network", LIKELY,
        "cuDNN measures and takes the fastest algorithm: another one, with other bits, from run to run",
        "torch.backends.cudnn.benchmark = False", first_is(True), ("value", "False")),
    Row("torch.nn.CTCLoss torch.nn.functional.ctc_loss", "network", LIKELY, "its gradient: " + _ATOMIC, _OPS, gradient_on_gpu),
    Row("*.index_add_|index_add|scatter_add_|scatter_add|scatter_reduce_|scatter_reduce|index_reduce_ torch.scatter_add|"
        "index_add|scatter_reduce", "network", LIKELY, _ATOMIC, _OPS, on_gpu),
    Row("torch.bincount torch.histc torch.Tensor.bincount", "network", LIKELY, _ATOMIC, _OPS, on_gpu),
    Row("*.index_put_|index_put|put_", "network", LIKELY,
        "with accumulate=True it adds in an order by chance, on the CPU with 2 threads and more, too", _OPS,
        both(is_true("accumulate", 2), lambda c: not c.program.uses("deterministic"))),
    Row("torch.nn.functional.interpolate|upsample torch.nn.Upsample", "network", LIKELY, "its gradient: " + _ATOMIC, _OPS,
        both(gradient_on_gpu, is_one_of("mode", None, ("linear", "bilinear", "bicubic", "trilinear")))),
    Row("torch.nn.functional.grid_sample torch.nn.ReflectionPad1d|ReflectionPad2d|ReflectionPad3d|ReplicationPad1d|"
        "ReplicationPad2d|AdaptiveAvgPool2d|AdaptiveAvgPool3d|AdaptiveMaxPool2d|MaxPool3d|FractionalMaxPool2d|MaxUnpool2d|"
        "EmbeddingBag torch.nn.functional.adaptive_avg_pool2d|embedding_bag|fractional_max_pool2d", "network", LIKELY,
        "its gradient: " + _ATOMIC, _OPS, gradient_on_gpu),
    Row("*.load_state_dict", "weights", OPEN, "names that do not match keep random weights, without a word",
        "look at what it returns: missing_keys and unexpected_keys", both(is_false("strict", 1), lambda c: c.dropped)),
    Row("torch.backends.cuda.matmul.allow_tf32= torch.backends.cudnn.allow_tf32=", "confirm", OPEN,
        "TF32 rounds to 10 bits: other GPUs give other bits", "False where bits are compared", first_is(True)),
    Row("torch.autocast torch.cuda.amp.autocast torch.amp.autocast", "confirm", OPEN,
        "in 16 bits a last bit is large: a loss scaler may skip a step in one run", "float32 while bits are compared",
        lambda c: not is_false("enabled")(c)),
    Row("torch.compile", "confirm", OPEN, "compiled, dropout draws other numbers than without", "the same way in both runs"),
    Row("lightning.Trainer", "network", OPEN, "benchmark=True lets cuDNN take the fastest algorithm, another one from run to run",
        "benchmark=False", is_true("benchmark")),
    Row("torch.utils.data.DistributedSampler", "order", LIKELY, "without set_epoch each epoch has the order of the first",
        "sampler.set_epoch(epoch) at the head of each epoch",
        both(not_false("shuffle", 3), lambda c: not c.program.mentions("set_epoch") and c.program.uses("train"), lambda c: not
             c.program.libraries & {"lightning", "pytorch_lightning", "transformers", "accelerate", "ignite", "composer"})),
    Row("torch.multiprocessing.spawn", "order", OPEN, "each process is seeded by what it runs, not by this one", "a seed in there"),
    Row("torch.utils.data.DataLoader", "order", OPEN,
        "workers draw from NumPy's generator, which torch before 1.9 does not seed in each", "worker_init_fn=",
        both(above("num_workers", 5, 0), lacks("worker_init_fn"), lambda c: c.program.uses("numpy in a data set"))),
]

FLAGS = [
    Flag("*.cuda torch.cuda.set_device|current_device|device_count|Stream|Event", ("cuda",), lambda c: c.path[0] != "?" or not c.args),
    Flag("torch.accelerator.current_accelerator|device_count", ("cuda",)),
    Flag("lightning.Trainer", ("cuda",), is_one_of("accelerator", None, ("gpu", "cuda", "auto"))),
    Flag("torch.use_deterministic_algorithms", ("deterministic",), lambda c: not is_false("mode", 0)(c)),
    Flag("torch.set_deterministic transformers.enable_full_determinism", ("deterministic",)),
    Flag("lightning.Trainer", ("deterministic",), is_one_of("deterministic", None, (True, "warn"))),
    Flag("transformers.TrainingArguments", ("deterministic",), is_true("full_determinism")),
    Flag("torch.backends.cudnn.deterministic=", ("cudnn",), lambda c: not first_is(False)(c)),
    Flag("*.backward torch.optim.Adam|AdamW|SGD|RMSprop|Adadelta|Adagrad|LBFGS|NAdam|RAdam|Adamax", ("train", "torch")),
    Flag("lightning.Trainer transformers.Trainer transformers.Seq2SeqTrainer", ("train", "torch")),
]
