"""Initial weights of random nets as the libraries make them: for make_initial_weights.py and the live test.

A function a library: random.Random -> (seed, shape of the input, net text, parameters as detpipe has them).
"""
import numpy as np

SIZES = (1, 2, 3, 5, 15, 16, 17, 31, 33, 64, 65, 127, 300)


def number(rng, low, high):
    """Few digits or all."""
    value = rng.uniform(low, high)
    return float(f'{value:.{rng.choice((1, 3, 17))}g}')


def seed_of(rng):
    return rng.getrandbits(rng.choice((1, 8, 31, 32)))


# ---- MindSpore ----

def mindspore_initializer(rng, is_bias):
    """(text, what makes one)"""
    from mindspore.common import initializer as init
    kind = rng.choice(('zeros', 'constant', 'normal', 'uniform', 'truncated_normal') if is_bias else
                      ('constant', 'normal', 'uniform', 'truncated_normal', 'xavier_uniform', 'xavier_normal', 'he_uniform', 'he_normal'))
    if kind == 'zeros':
        return 'zeros', init.Zero
    if kind == 'constant':
        value = number(rng, -2, 2)
        return f'constant value={value!r}', lambda: init.Constant(value)
    if kind == 'normal':
        sigma, mean = number(rng, 1e-3, 2), rng.choice((0, number(rng, -1, 1)))
        return f'normal sigma={sigma!r} mean={mean!r} order=mindspore', lambda: init.Normal(sigma, mean)
    if kind == 'uniform':
        scale = number(rng, 1e-3, 2)
        return f'uniform scale={scale!r} order=mindspore', lambda: init.Uniform(scale)
    if kind == 'truncated_normal':
        # Bounds that cut something off: docs/mindspore.md has how many last bits differ then.
        sigma, mean = number(rng, 0.01, 0.1), rng.choice((0, number(rng, -0.1, 0.1)))
        return (f'truncated_normal sigma={sigma!r} mean={mean!r} a=-2 b=1.5 order=mindspore',
                lambda: init.TruncatedNormal(sigma, mean, -2, 1.5))
    if kind.startswith('xavier'):
        gain = rng.choice((1, number(rng, 0.1, 3)))
        make = init.XavierUniform if kind == 'xavier_uniform' else init.XavierNormal
        return f'{kind} gain={gain!r} order=mindspore', lambda: make(gain)
    mode, behind = rng.choice(('fan_in', 'fan_out')), rng.choice(('leaky_relu', 'relu', 'tanh', 'sigmoid'))
    slope = rng.choice((0, number(rng, 0, 3))) if behind == 'leaky_relu' else 0
    make = init.HeUniform if kind == 'he_uniform' else init.HeNormal
    return (f'{kind} order=mindspore mode={mode} nonlinearity={behind if behind != "sigmoid" else "linear"} negative_slope={slope!r}',
            lambda: make(slope, mode, behind))


def mindspore(rng):
    import mindspore as ms
    from mindspore import nn
    weight, make_weight = mindspore_initializer(rng, False)
    bias, make_bias = mindspore_initializer(rng, True)
    seed = seed_of(rng)
    ms.set_seed(seed)
    made, shape = [], (1, rng.choice((2, 4, 6)), rng.randint(1, 7), rng.randint(1, 7))
    features, size = shape[1] * shape[2] * shape[3], lambda: rng.choice(SIZES)
    if rng.random() < 0.5:
        group, out, kernel = rng.choice((1, 2)), 2 * size(), (rng.randint(1, 4), rng.randint(1, 4))
        has_bias = rng.random() < 0.5
        texts = [f'conv2d out_channels={out} kernel_size={kernel[0]},{kernel[1]} group={group} has_bias={str(has_bias).lower()}', 'flatten']
        made.append(nn.Conv2d(shape[1], out, kernel, group=group, has_bias=has_bias, weight_init=make_weight(), bias_init=make_bias()))
        features = out * shape[2] * shape[3]
    else:
        rows, width = size(), size()
        texts = ['flatten', f'embedding num_embeddings={rows} embedding_size={width}', 'flatten']
        made.append(nn.Embedding(rows, width, embedding_table=make_weight()))
        features *= width
    for _ in range(rng.randint(1, 2)):
        out, has_bias = size(), rng.random() < 0.7
        texts.append(f'dense out_channels={out} has_bias={str(has_bias).lower()}')
        made.append(nn.Dense(features, out, weight_init=make_weight(), bias_init=make_bias(), has_bias=has_bias))
        features = out
    parameters = [p.asnumpy() for layer in made for p in layer.get_parameters()]
    return seed, shape, f'init weight="{weight}" bias="{bias}" | {" | ".join(texts)}', parameters


def mindspore_cell(module, is_gru):
    """Matrices are turned; of an LSTM gates i, f, g, o are i, j, f, o of one matrix and the sum of two biases."""
    arrays = [p.asnumpy() for p in module.get_parameters()]
    if is_gru:
        return [m.T for m in arrays[:2]] + arrays[2:]

    def gates(array):
        return np.concatenate([np.split(array, 4)[i] for i in (0, 2, 1, 3)])
    return [np.concatenate([gates(m).T for m in arrays[:2]]), gates(arrays[2] + arrays[3])]


def mindspore_default(rng):
    """Nets of which nothing is said, or that biases are zeros."""
    import mindspore as ms
    from mindspore import nn
    seed, zeros = seed_of(rng), rng.random() < 0.3
    ms.set_seed(seed)
    shape, texts, parameters = (1, rng.choice((2, 4, 6)), rng.randint(1, 5), rng.randint(1, 5)), [], []
    channels, height, width = shape[1:]
    size, has_bias, how = lambda: rng.choice(SIZES), rng.random() < 0.5, dict(bias_init='zeros') if zeros else {}

    def made(module):
        parameters.extend(p.asnumpy() for p in module.get_parameters())
    kind = rng.choice(('conv2d', 'embedding', 'dense'))
    if kind == 'conv2d':
        group, kernel, out = rng.choice((1, 2)), (rng.randint(1, 4), rng.randint(1, 4)), 2 * rng.choice(SIZES[:9])
        texts.append(f'conv2d out_channels={out} kernel_size={kernel[0]},{kernel[1]} group={group} has_bias={str(has_bias).lower()}')
        made(nn.Conv2d(channels, out, kernel, group=group, has_bias=has_bias, **how))
        channels = out
        if rng.random() < 0.5:
            texts.append('batch_norm')
            made(nn.BatchNorm2d(out))
            mean, variance, gamma, beta = parameters[-4:]
            parameters[-4:] = [gamma, beta, mean, variance]
    elif kind == 'embedding':
        rows, columns = size(), rng.choice(SIZES[:10])
        texts += ['flatten', f'embedding num_embeddings={rows} embedding_size={columns}']
        made(nn.Embedding(rows, columns))
        channels, height, width = columns, channels * height * width, 1
    for _ in range(0 if zeros else rng.choice((0, 0, 1, 2))):
        hidden, gru = rng.choice(SIZES[:9]), rng.random() < 0.3
        texts.append(f'{"gru" if gru else "lstm"} hidden_size={hidden} return_sequences=true')
        parameters.extend(mindspore_cell((nn.GRU if gru else nn.LSTM)(width * channels, hidden), gru))
        channels, width = hidden, 1
    texts.append('flatten')
    features = channels * height * width
    for _ in range(rng.randint(1, 2)):
        out, has_bias = size(), rng.random() < 0.7
        texts.append(f'dense out_channels={out} has_bias={str(has_bias).lower()}')
        made(nn.Dense(features, out, has_bias=has_bias, **how))
        features = out
    bias = 'zeros' if zeros else 'default order=mindspore'
    return seed, shape, f'init weight="default order=mindspore" bias="{bias}" | {" | ".join(texts)}', parameters


def mindspore_rare():
    """Seeds with an angle, then a radius, whose 23 bits are all 0."""
    import mindspore as ms
    from mindspore import nn
    from mindspore.common import initializer as init
    for seed in 121, 1843:
        ms.set_seed(seed)
        layer = nn.Dense(128, 128, weight_init=init.Normal(1), has_bias=False)
        text = 'init weight="normal sigma=1 order=mindspore" | dense out_channels=128 has_bias=false'
        yield seed, (1, 128), text, [layer.weight.asnumpy()]


# ---- PyTorch ----

def cell(module):
    """Matrices are turned; gates i, f, g, o are i, j, f, o of one matrix and the sum of two biases."""
    matrices, biases = ([getattr(module, f'{kind}_{of}_l0').detach().numpy() for of in ('ih', 'hh')] for kind in ('weight', 'bias'))
    if module.mode == 'GRU':
        return [m.T for m in matrices] + biases

    def gates(array):
        return np.concatenate([np.split(array, 4)[i] for i in (0, 2, 1, 3)])
    return [np.concatenate([gates(m).T for m in matrices]), gates(biases[0] + biases[1])]


def torch_layers(rng, channels, height, width):
    """(texts, modules) from an image to features; a module that makes floats of whole numbers stands first."""
    from torch import nn
    size, has_bias, texts, modules = lambda: rng.choice(SIZES), rng.random() < 0.5, [], []
    kind = rng.choice(('conv2d', 'embedding', 'dense'))
    if kind == 'conv2d':
        group, kernel = rng.choice((1, 2)), (rng.randint(1, 4), rng.randint(1, 4))
        out = 2 * rng.choice(SIZES[:9])
        texts.append(f'conv2d out_channels={out} kernel_size={kernel[0]},{kernel[1]} group={group} has_bias={str(has_bias).lower()}')
        modules.append(nn.Conv2d(channels, out, kernel, groups=group, bias=has_bias))
        channels = out
        if rng.random() < 0.5:
            texts.append('batch_norm')
            modules.append(nn.BatchNorm2d(out))
    elif kind == 'embedding':
        rows, columns = size(), rng.choice(SIZES[:10])
        texts += ['flatten', f'embedding num_embeddings={rows} embedding_size={columns}']
        modules.append(nn.Embedding(rows, columns))
        channels, height, width = columns, channels * height * width, 1
    for _ in range(rng.choice((0, 0, 1, 2))):
        hidden, gru = rng.choice(SIZES[:9]), rng.random() < 0.3
        texts.append(f'{"gru" if gru else "lstm"} hidden_size={hidden} return_sequences=true')
        modules.append((nn.GRU if gru else nn.LSTM)(width * channels, hidden))
        channels, width = hidden, 1
    texts.append('flatten')
    features = channels * height * width
    for _ in range(rng.randint(1, 2)):
        out, has_bias = size(), rng.random() < 0.7
        texts.append(f'dense out_channels={out} has_bias={str(has_bias).lower()}')
        modules.append(nn.Linear(features, out, bias=has_bias))
        features = out
    return texts, modules


def torch(rng):
    import torch
    assert torch.backends.cpu.get_cpu_capability().startswith('AVX'), 'PyTorch makes other bits without AVX2'
    seed = rng.getrandbits(rng.choice((1, 8, 32, 63, 64)))
    torch.manual_seed(seed)
    shape = (1, rng.choice((2, 4, 6)), rng.randint(1, 5), rng.randint(1, 5))
    texts, modules = torch_layers(rng, *shape[1:])
    parameters = []
    for m in modules:
        if isinstance(m, torch.nn.RNNBase):
            parameters += cell(m)
        else:
            parameters += [p.detach().numpy() for name, p in m.state_dict().items() if name != 'num_batches_tracked']
    return seed, shape, f'init weight="default order=torch" bias="default order=torch" | {" | ".join(texts)}', parameters


def torch_initializer(rng, is_bias):
    """(text, what fills a tensor): of torch.nn.init"""
    from torch.nn import init
    kind = rng.choice(('default', 'zeros', 'normal', 'uniform') if is_bias else
                      ('normal', 'uniform', 'xavier_uniform', 'xavier_normal', 'he_uniform', 'he_normal', 'he_uniform', 'he_normal'))
    if kind == 'default':
        return 'default order=torch', lambda t: None
    if kind == 'zeros':
        return 'zeros', init.zeros_
    if kind == 'normal':
        sigma, mean = number(rng, 1e-3, 2), rng.choice((0, number(rng, -1, 1)))
        return f'normal sigma={sigma!r} mean={mean!r} order=torch', lambda t: init.normal_(t, mean, sigma)
    if kind == 'uniform':
        scale = number(rng, 1e-3, 2)
        return f'uniform scale={scale!r} order=torch', lambda t: init.uniform_(t, -scale, scale)
    if kind.startswith('xavier'):
        gain = rng.choice((1, number(rng, 0.1, 3)))
        fill = init.xavier_uniform_ if kind == 'xavier_uniform' else init.xavier_normal_
        return f'{kind} gain={gain!r} order=torch', lambda t: fill(t, gain)
    mode, behind = rng.choice(('fan_in', 'fan_out')), rng.choice(('leaky_relu', 'relu', 'tanh', 'linear'))
    slope = rng.choice((0, number(rng, 0, 3))) if behind == 'leaky_relu' else 0
    fill = init.kaiming_uniform_ if kind == 'he_uniform' else init.kaiming_normal_
    return (f'{kind} order=torch mode={mode} nonlinearity={behind} negative_slope={slope!r}', lambda t: fill(t, slope, mode, behind))


def torch_named(rng):
    """Modules are made, then their weights and biases filled, module after module."""
    import torch
    from torch import nn
    assert torch.backends.cpu.get_cpu_capability().startswith('AVX'), 'PyTorch makes other bits without AVX2'
    (weight, fill_weight), (bias, fill_bias) = torch_initializer(rng, False), torch_initializer(rng, True)
    seed = rng.getrandbits(rng.choice((1, 8, 32, 63, 64)))
    torch.manual_seed(seed)
    shape = (1, rng.choice((2, 4, 6)), rng.randint(1, 5), rng.randint(1, 5))
    while True:
        kept = torch.get_rng_state()
        texts, modules = torch_layers(rng, *shape[1:])
        if not any(isinstance(m, nn.RNNBase) for m in modules):
            break
        torch.set_rng_state(kept)
    for m in modules:
        if not isinstance(m, nn.BatchNorm2d):
            fill_weight(m.weight)
            if getattr(m, 'bias', None) is not None:
                fill_bias(m.bias)
    parameters = [p.detach().numpy() for m in modules for name, p in m.state_dict().items() if name != 'num_batches_tracked']
    return seed, shape, f'init weight="{weight}" bias="{bias}" | {" | ".join(texts)}', parameters


def torch_named_rare():
    """A gain of which sqrt(3) (gain sqrt(2 / fans)), as a float, is not gain sqrt(6 / fans)."""
    import torch
    torch.manual_seed(12)
    layer = torch.nn.Linear(7, 5, bias=False)
    torch.nn.init.xavier_uniform_(layer.weight, 0.9899495189492755)
    text = 'init weight="xavier_uniform gain=0.9899495189492755 order=torch" | dense out_channels=5 has_bias=false'
    yield 12, (1, 7), text, [layer.weight.detach().numpy()]


def torch_transposed(rng):
    """A transposed convolution, whose fan_in is that of its outputs, before another."""
    import torch
    seed = rng.getrandbits(32)
    torch.manual_seed(seed)
    group, shape = rng.choice((1, 2)), (1, rng.choice((2, 4, 6)), 3, 2)
    out, kernel, then = 2 * rng.choice(SIZES[:9]), (rng.randint(1, 4), rng.randint(1, 4)), rng.choice(SIZES[:9])
    modules = [torch.nn.ConvTranspose2d(shape[1], out, kernel, groups=group), torch.nn.Conv2d(out, then, 1)]
    text = (f'conv2d_transpose out_channels={out} kernel_size={kernel[0]},{kernel[1]} group={group} has_bias=true | '
            f'conv2d out_channels={then} kernel_size=1 has_bias=true')
    parameters = [p.detach().numpy() for m in modules for p in m.parameters()]
    return seed, shape, f'init weight="default order=torch" bias="default order=torch" | {text}', parameters


# ---- a line of a golden file ----

def line(library, case):
    import hashlib
    seed, shape, text, parameters = case
    digest = hashlib.sha256()
    for p in parameters:
        assert p.dtype == np.float32
        digest.update(np.ascontiguousarray(p).tobytes())
    return f'library={library} seed={seed} input={",".join(map(str, shape))} sha256={digest.hexdigest()} : {text}'
