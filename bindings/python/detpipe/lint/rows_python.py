# rows_python.py - Python's own library, NumPy, scikit-learn: one construct is one row
# SPDX-License-Identifier: Apache-2.0
import ast, re

from .table import Draw, LIKELY, OPEN, Row, SURE, Seed, both, first_is, is_true, lacks, not_false
from .flags import Flag, Source

SEEDS = [
    Seed("random.seed", "python", 0, "a"),
    Seed("numpy.random.seed", "numpy"),
    Seed("monai.utils.set_determinism", "python numpy torch"),
    Seed("ignite.utils.manual_seed", "python numpy torch"),
    Seed("mmengine.runner.set_random_seed", "python numpy torch"),
    Seed("fastai.torch_core.set_seed fastai.basics.set_seed fastai.vision.all.set_seed", "python numpy torch", 0, "s"),
    Seed("dgl.seed dgl.random.seed", "dgl", 0, "val"),
    Seed("imgaug.seed", "imgaug", 0, "entropy"),
]

DRAWS = [
    Draw("random.shuffle|sample|choice|choices", "python", "order"),
    Draw("random.random|randint|randrange|uniform|gauss|normalvariate|betavariate|getrandbits|triangular|expovariate|"
         "lognormvariate|vonmisesvariate|gammavariate", "python", "numbers"),
    Draw("numpy.random.shuffle|permutation", "numpy", "order"),
    Draw("numpy.random.choice", "numpy", "order"),
    Draw("numpy.random.rand|randn|randint|random|random_sample|uniform|normal|standard_normal|beta|binomial|poisson|"
         "exponential|gamma|dirichlet|multinomial|multivariate_normal|laplace|random_integers|ranf|sample|bytes|lognormal|"
         "logistic|vonmises|gumbel|geometric|triangular", "numpy", "numbers"),
    # random_state=None is NumPy's global generator
    Draw("sklearn.model_selection.train_test_split", "numpy", "order", both(lacks("random_state"), not_false("shuffle"))),
    Draw("sklearn.model_selection.ShuffleSplit|StratifiedShuffleSplit|GroupShuffleSplit", "numpy", "order", lacks("random_state"),
         True),
    Draw("sklearn.model_selection.KFold|StratifiedKFold|StratifiedGroupKFold", "numpy", "order",
         both(lacks("random_state"), is_true("shuffle")), True),
    Draw("sklearn.utils.shuffle|resample", "numpy", "order", lacks("random_state")),
    Draw("sklearn.ensemble.RandomForest* sklearn.ensemble.ExtraTrees* sklearn.ensemble.Bagging* sklearn.ensemble."
         "GradientBoosting* sklearn.ensemble.AdaBoost* sklearn.ensemble.IsolationForest sklearn.neural_network.MLP* "
         "sklearn.neural_network.BernoulliRBM sklearn.tree.DecisionTree* sklearn.tree.ExtraTree* sklearn.linear_model.SGD* "
         "sklearn.linear_model.Perceptron|PassiveAggressiveClassifier|PassiveAggressiveRegressor|RANSACRegressor "
         "sklearn.cluster.KMeans|MiniBatchKMeans|SpectralClustering|BisectingKMeans sklearn.mixture.GaussianMixture|"
         "BayesianGaussianMixture sklearn.manifold.TSNE|MDS sklearn.decomposition.NMF|FastICA|LatentDirichletAllocation|"
         "DictionaryLearning|MiniBatchDictionaryLearning sklearn.random_projection.GaussianRandomProjection|"
         "SparseRandomProjection sklearn.model_selection.RandomizedSearchCV sklearn.kernel_approximation.RBFSampler|Nystroem",
         "numpy", "init", lacks("random_state"), True),
    Draw("sklearn.datasets.make_classification|make_regression|make_blobs|make_moons|make_circles|make_swiss_roll|make_s_curve",
         "numpy", "numbers", lacks("random_state")),
    Draw("*.sample", "numpy", "order", both(lacks("random_state"), lambda c: c.path.startswith("pandas.") or "frac" in c.keywords)),
    Draw("*.shuffle|train_test_split", "numpy", "order",  # Hugging Face's
         both(lacks("seed", "generator"), not_false("shuffle"), lambda c: c.path.startswith("datasets."))),
    Draw("scipy.stats.norm.rvs scipy.stats.uniform.rvs scipy.stats.truncnorm.rvs", "numpy", "numbers", lacks("random_state")),
]

_HASH = "the hash of a string or of bytes is another in every process"


def _of_text(call):
    """hash() of what is text by the look of it, whose value is used."""
    node = call.node.args[0] if call.node.args else None
    word = getattr(getattr(node, "func", None), "id", None) or getattr(getattr(node, "func", None), "attr", None)
    return call.inside != "__hash__" and (isinstance(node, ast.JoinedStr) or word in ("str", "repr", "encode", "join", "basename") or
                                          isinstance(getattr(call.first, "value", None), (str, bytes)))


def _seeds_environments(program):
    """reset(seed=...), or seed() of something that is no module of random numbers."""
    calls = [n for m in program.modules.values() for n in ast.walk(m.source.tree) if isinstance(n, ast.Call) and
             isinstance(n.func, ast.Attribute)]
    return any(n.func.attr == "reset" and any(k.arg == "seed" for k in n.keywords) or n.func.attr == "seed" and not
               re.search("random|torch|np", ast.unparse(n.func.value)) for n in calls)


ROWS = [
    Row("gymnasium.make", "seeds", LIKELY, "an environment whose reset() gets no seed is seeded by the system, another way in each run",
        "env.reset(seed=1) first, and env.action_space.seed(1)",
        lambda c: c.program.uses("train") and not _seeds_environments(c.program)),
    Row("numpy.random.default_rng numpy.random.RandomState numpy.random.SeedSequence numpy.random.PCG64|MT19937|Philox|SFC64",
        "seeds", SURE, "without a number it is seeded by the system, another way in each run", "a number, e.g. 1",
        lacks("seed", "entropy", at=0), ("fill", "1")),
    Row("random.Random", "seeds", SURE, "without a number it is seeded by the system, another way in each run",
        "a number, e.g. 1", lacks("x", at=0), ("fill", "1")),
    Row("numpy.random.default_rng|RandomState random.Random", "seeds", SURE,
        "a seed by chance is another in each run: {chance}", "a constant, e.g. 1", lambda c: c.chance is not None,
        ("seed", "1")),
    Row("random.SystemRandom", "seeds", SURE, "it draws from the system and cannot be seeded", "random.Random(1)"),
    Row("builtins.hash", "order", LIKELY, _HASH, "a digest of hashlib or zlib.crc32", _of_text),
    Row("builtins.hash", "order", OPEN, _HASH, "a digest of hashlib or zlib.crc32",
        lambda c: not _of_text(c) and c.inside != "__hash__"),
    Row("os.environ=", "order", OPEN, "PYTHONHASHSEED is read when Python starts: this changes only processes that it starts",
        "PYTHONHASHSEED=0 before the command", lambda c: c.is_key("PYTHONHASHSEED")),
    Row("multiprocessing.Pool().imap_unordered multiprocessing.pool.Pool().imap_unordered", "order", OPEN,
        "results come in the order in which they are ready", "imap"),
]

UNORDERED = [
    Row("os.listdir os.scandir os.walk", "order", LIKELY,
        "a folder's entries come in the order of the file system, which differs from disk to disk", "sorted(...)",
        fix=("wrap", "sorted")),
    Row("glob.glob|iglob", "order", LIKELY,
        "glob gives files in the order of the file system, which differs from disk to disk", "sorted(...)",
        fix=("wrap", "sorted")),
    Row("*.iterdir|rglob *.glob", "order", LIKELY,
        "a folder's entries come in the order of the file system, which differs from disk to disk", "sorted(...)",
        lambda c: not c.path.startswith(("tensorflow", "tf", "re.")), ("wrap", "sorted")),
    Row("concurrent.futures.as_completed asyncio.as_completed", "order", LIKELY,
        "results come in the order in which they are ready", "go through the futures in their own order"),
    Row("*.imap_unordered", "order", LIKELY, "results come in the order in which they are ready", "imap"),
]

CHANCE = [
    Source("time.time|time_ns|perf_counter|perf_counter_ns|monotonic|monotonic_ns|process_time", "the time"),
    Source("datetime.datetime.now|utcnow|today datetime.date.today", "the time"),
    Source("os.getpid|getppid", "the process id"),
    Source("os.urandom", "os.urandom()"),
    Source("uuid.uuid1|uuid4", "a uuid"),
    Source("secrets.token_bytes|token_hex|randbelow|randbits|choice", "secrets"),
    Source("random.SystemRandom().randint|random|choice|randrange", "random.SystemRandom()"),
    Source("builtins.id", "an address"),
    Source("threading.get_ident|get_native_id", "the thread's id"),
]

FLAGS = [
    Flag("sklearn.base.clone *.fit", ("train",)),
]
