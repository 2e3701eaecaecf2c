# rows_mindspore.py - MindSpore: one construct is one row
# SPDX-License-Identifier: Apache-2.0
from .flags import Flag
from .table import Draw, LIKELY, OPEN, Row, Seed, above, both, is_false, is_one_of, is_true, lacks, not_false, first_is
from .values import Const, Obj

SEEDS = [
    Seed("mindspore.set_seed", "mindspore mindspore.dataset numpy python"),  # by dataset.config.set_seed
    Seed("mindspore.dataset.config.set_seed", "mindspore.dataset numpy python"),
    Seed("mindspore.manual_seed", "mindspore.torch"),
]

_READERS = ("Cifar10Dataset|Cifar100Dataset|MnistDataset|FashionMnistDataset|ImageFolderDataset|MindDataset|TFRecordDataset|"
            "TextFileDataset|CSVDataset|CelebADataset|CocoDataset|VOCDataset|ManifestDataset|CLUEDataset|NumpySlicesDataset|"
            "Flowers102Dataset|SVHNDataset|USPSDataset|QMnistDataset|KMnistDataset|EMnistDataset|STL10Dataset|IMDBDataset|"
            "AGNewsDataset|SpeechCommandsDataset|LibriTTSDataset|LJSpeechDataset|Caltech101Dataset|Caltech256Dataset|OBSMindDataset")


def _has_items(call):
    """The source is an object that is read by row numbers, which are shuffled if nobody says otherwise."""
    source = call.first
    return isinstance(source, Obj) and source.kind is not None and source.kind.find("__getitem__") is not None


def shuffles(call):
    """A reader that does so by itself."""
    if not lacks("sampler")(call) or call.path.endswith(".GeneratorDataset"):
        return lacks("sampler")(call) and (is_true("shuffle", 6)(call) or not_false("shuffle", 6)(call) and _has_items(call))
    return not_false("shuffle")(call)


def _trains_on_cpu(call):
    return call.program.uses("mindspore cpu") and call.program.uses("train")


DRAWS = [
    # data sets and their operations take the seed when an iterator is made (2.10.0); weights come from NumPy's generator
    Draw("mindspore.nn.Dense|Conv1d|Conv2d|Conv3d|Conv1dTranspose|Conv2dTranspose|Conv3dTranspose|Embedding|EmbeddingLookup|"
         "LSTM|GRU|RNN|LSTMCell|GRUCell|RNNCell|BiDense", "mindspore", "init"),
    Draw("mindspore.initializer.initializer mindspore.initializer.* mindcv.models.* mindcv.create_model", "mindspore", "init",
         lambda c: c.path.rpartition(".")[2] not in ("Zero", "One", "Constant", "Identity", "Initializer") and not (
             isinstance(c.first, Const) and not (isinstance(c.first.value, str) and c.first.value not in ("zeros", "ones")))),
    Draw("mindspore.nn.Dropout|Dropout1d|Dropout2d|Dropout3d mindspore.ops.Dropout|Dropout2D|Dropout3D", "mindspore", "dropout",
         late=True),
    Draw("mindspore.ops.dropout", "mindspore", "dropout"),
    Draw("mindspore.ops.standard_normal|normal|uniform|gamma|multinomial|randint|rand|randn|randperm|bernoulli|"
         "random_categorical|random_poisson|StandardNormal|UniformReal|UniformInt|Gamma|Poisson|Multinomial|rand_like|"
         "randn_like|RandomChoiceWithMask|RandomCategorical|StandardLaplace|laplace", "mindspore", "numbers", lacks("seed")),
    Draw("mindspore.dataset.GeneratorDataset|" + _READERS, "mindspore.dataset", "order", shuffles, True),
    Draw("*.shuffle", "mindspore.dataset", "order", lambda c: c.path.startswith("mindspore.dataset."), True),
    Draw("mindspore.dataset.RandomSampler|WeightedRandomSampler|SubsetRandomSampler|PKSampler", "mindspore.dataset", "order", late=True),
    Draw("mindspore.dataset.vision.Random* mindspore.dataset.vision.AutoAugment|RandAugment|TrivialAugmentWide|CutMixBatch|MixUp|"
         "MixUpBatch|UniformAugment mindspore.dataset.transforms.RandomApply|RandomChoice|RandomOrder mindspore.dataset.audio.Random*",
         "mindspore.dataset", "augment", late=True),
]

ROWS = [
    Row("mindspore.nn.Dropout|Dropout2d mindspore.ops.dropout|Dropout", "network", LIKELY,
        "on the CPU of MindSpore 2.10 its masks differ between processes from the sixth call on, under any seed",
        "no dropout while bits are compared", _trains_on_cpu),
    Row("mindspore.nn.Dropout|Dropout2d mindspore.ops.dropout|Dropout", "network", OPEN,
        "on the CPU of MindSpore 2.10 its masks differ between processes from the sixth call on, under any seed",
        "no dropout while bits are compared", lambda c: not _trains_on_cpu(c)),
    Row("mindspore.load_param_into_net", "weights", OPEN, "names that do not match keep random weights, without an error",
        "look at what it returns, or strict_load=True", both(lambda c: c.dropped, lambda c: not is_true("strict_load")(c))),
    Row("mindspore.set_seed", "seeds", OPEN, "the guide asks for a seed other than 0", "mindspore.set_seed(1)",
        first_is(0)),
    Row("mindspore.dataset." + _READERS + " mindspore.dataset.GeneratorDataset *.map", "order", OPEN,
        "what random operations draw depends on the number of workers", "num_parallel_workers=1, or the same number in every run",
        both(above("num_parallel_workers", None, 1), lambda c: c.path.startswith("mindspore.dataset."),
             lambda c: c.program.uses("mindspore augment")), ("argument", "num_parallel_workers", "1")),
    Row("mindspore.dataset.GeneratorDataset *.map", "order", LIKELY,
        "threads draw from one generator of Python or NumPy in an order by chance",
        "num_parallel_workers=1, or python_multiprocessing=True",
        both(above("num_parallel_workers", None, 1), lambda c: c.path.startswith("mindspore.dataset."),
             lambda c: is_false("python_multiprocessing")(c) or c.path.endswith(".map"),
             lambda c: id(c.node) in c.program.drawing, lambda c: not is_true("python_multiprocessing")(c)),
        ("argument", "num_parallel_workers", "1")),
    Row("mindspore.Model().train *.train", "confirm", OPEN, "in sink mode the loss of the last step of an epoch is all that is seen",
        "dataset_sink_mode=False while losses are compared", both(is_true("dataset_sink_mode"), lambda c: "mindspore" in c.program.libraries)),
    Row("mindspore.LossMonitor", "confirm", OPEN, "only every n-th loss is printed", "LossMonitor(1)", above("per_print_times", 0, 1)),
]

FLAGS = [
    Flag("mindspore.Model().train|fit mindspore.nn.TrainOneStepCell mindspore.value_and_grad mindspore.ops.value_and_grad mindspore.grad "
         "mindspore.ops.GradOperation mindspore.ops.grad mindspore.nn.Momentum|SGD|Adam|AdamWeightDecay|RMSProp|Lamb", ("train", "mindspore")),
    Flag("mindspore.set_context mindspore.set_device", ("mindspore cpu",),
         lambda c: not c.program.when and (is_one_of("device_target", None, ("CPU",))(c) or is_one_of("device_target", 0, ("CPU",))(c))),
    Flag("mindspore.dataset.vision.Random*", ("mindspore augment",)),
]
