# rows_tensorflow.py - TensorFlow and Keras: one construct is one row
# SPDX-License-Identifier: Apache-2.0
from .flags import Flag
from .values import Const
from .table import Draw, LIKELY, OPEN, Row, SURE, Seed, both, first_is, is_false, is_true, lacks, not_false

SEEDS = [
    Seed("tensorflow.random.set_seed tensorflow.set_random_seed tensorflow.random.set_random_seed", "tensorflow"),
    Seed("keras.utils.set_random_seed", "python numpy tensorflow keras torch"),
    Seed("random.seed", "keras", 0, "-"),  # Keras 3 draws the seeds of its layers from Python's generator
]

_LAYERS = ("Dense|EinsumDense|Conv1D|Conv2D|Conv3D|Conv1DTranspose|Conv2DTranspose|SeparableConv2D|DepthwiseConv2D|Embedding|"
           "LSTM|GRU|SimpleRNN|MultiHeadAttention|ConvLSTM2D")

_INITIALIZERS = ("GlorotUniform|GlorotNormal|HeUniform|HeNormal|LecunUniform|LecunNormal|RandomNormal|RandomUniform|TruncatedNormal|"
                 "VarianceScaling|Orthogonal|OrthogonalInitializer")
_CONSTANT = ("zeros", "ones", "Zeros", "Ones", "identity", "Identity", "constant", "Constant")


def _draws_weights(call):
    """An initializer that is an object draws by itself."""
    given = call.keywords.get("kernel_initializer", call.keywords.get("embeddings_initializer"))
    return given is None or isinstance(given, Const) and given.value not in _CONSTANT


DRAWS = [
    Draw("keras.layers." + _LAYERS, "keras", "init", _draws_weights),
    Draw("keras.initializers." + _INITIALIZERS, "keras", "init", lacks("seed")),
    # arrays, with their labels, are shuffled if nobody says otherwise; a data set has its own order
    Draw("keras.Sequential().fit keras.Model().fit keras.models.Sequential().fit keras.models.Model().fit keras.models.load_model().fit", "tensorflow", "order",
         both(not_false("shuffle"), lambda c: c.arg(1, "y") is not None)),
    Draw("keras.applications.*", "keras", "init", lambda c: "weights" in c.keywords and lacks("weights")(c)),
    Draw("keras.random.SeedGenerator", "keras", "augment", lacks("seed", at=0)),
    Draw("keras.random.normal|uniform|truncated_normal|categorical|randint|shuffle|gamma|beta|binomial|dropout", "keras", "numbers",
         lacks("seed")),
    Draw("keras.layers.Dropout|SpatialDropout1D|SpatialDropout2D|GaussianNoise|GaussianDropout|AlphaDropout", "keras", "dropout",
         lacks("seed")),
    Draw("keras.layers.Random*", "keras", "augment", lacks("seed")),
    Draw("tensorflow.random.normal|uniform|truncated_normal|shuffle|categorical|gamma|poisson tensorflow.random_normal|"
         "random_uniform|truncated_normal|random_shuffle", "tensorflow", "numbers", lacks("seed")),
    Draw("tensorflow.nn.dropout", "tensorflow", "dropout", lacks("seed")),
    Draw("tensorflow.image.random_flip_left_right|random_flip_up_down|random_brightness|random_contrast|random_saturation|"
         "random_hue|random_crop|random_jpeg_quality", "tensorflow", "augment", lacks("seed")),
    Draw("*.shuffle", "tensorflow", "order", both(lambda c: c.path.startswith(("tensorflow.data.", "tensorflow_datasets.")),
                                                  lacks("seed", at=1))),
    Draw("tensorflow.data.Dataset.list_files", "tensorflow", "order", both(not_false("shuffle", 1), lacks("seed", at=2))),
    # their seed is drawn from NumPy's generator
    Draw("keras.utils.image_dataset_from_directory|text_dataset_from_directory|audio_dataset_from_directory", "numpy", "order",
         both(lacks("seed"), not_false("shuffle"))),
]

_READY = "elements come in the order in which they are ready"

ROWS = [
    Row("*.map|interleave|batch", "order", LIKELY, _READY, "deterministic=True",
        both(is_false("deterministic"), lambda c: c.arg(None, "num_parallel_calls") is not None or "map" not in c.path),
        ("argument", "deterministic", "True")),
    Row("*.deterministic= *.experimental_deterministic=", "order", LIKELY, _READY, "options.deterministic = True",
        both(lambda c: c.path.startswith("tensorflow.data.Options") or ".options()." in c.path, first_is(False)), ("value", "True")),
    Row("tensorflow_datasets.load", "order", LIKELY, "shuffled files are read in the order in which they are ready",
        "shuffle_files=False, and shuffle(n, seed=1)", both(is_true("shuffle_files"), lacks("read_config"))),
    Row("tensorflow.random.Generator.from_non_deterministic_state", "seeds", SURE,
        "its state comes from the system, another in each run", "tf.random.Generator.from_seed(1)"),
    Row("*.load_weights", "weights", OPEN, "layers that do not match keep random weights, without an error",
        "skip_mismatch=False", is_true("skip_mismatch")),
]

FLAGS = [
    Flag("tensorflow.config.experimental.enable_op_determinism", ("tensorflow deterministic",)),
    Flag("*.fit|train_on_batch tensorflow.GradientTape keras.Model().compile keras.Sequential().compile", ("train", "tensorflow")),
]
