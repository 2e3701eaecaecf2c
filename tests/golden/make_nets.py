#!/usr/bin/env python3
# make_nets.py - the loss and the gradients that PyTorch gives for small nets
# SPDX-License-Identifier: Apache-2.0
"""make_nets.py FOLDER [SEED] writes torch_nets.npz and torch_nets.txt: a line a net (its text), its arrays as NET.x,
NET.labels, NET.loss, NET.w.NAME and NET.g.NAME for each parameter (no g where the optimizer has nothing to say)."""
import sys
import numpy as np, torch
import torch.nn.functional as F
from gpt import gpt, gpt_text, layer_norm

folder, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
rng = np.random.Generator(np.random.Philox(seed))
arrays, lines = {}, []


def r(*shape, low=-1.0, high=1.0):
    return torch.tensor(rng.uniform(low, high, shape).astype(np.float32))


def net(text, x, weights, forward, classes=5, state=(), places=(), loss_of=F.cross_entropy, targets=None):
    """forward(x, weights) -> logits, of each place where there are places; state: names whose values no gradient changes;
    targets in place of labels."""
    number = len(lines)
    lines.append(text)
    w = {k: v.clone().requires_grad_(k not in state) for k, v in weights.items()}
    labels = torch.tensor(rng.integers(0, classes, (x.shape[0], *places))) if targets is None else targets
    loss = loss_of(forward(x, w).flatten(0, len(places)), labels.flatten() if targets is None else targets)
    grads = torch.autograd.grad(loss, [v for v in w.values() if v.requires_grad])
    arrays[f"{number}.x"], arrays[f"{number}.labels"] = x.numpy(), labels.numpy().astype(np.int32 if targets is None else np.float32)
    arrays[f"{number}.loss"] = loss.detach().numpy().reshape(1)
    for k, v in weights.items():
        arrays[f"{number}.w.{k}"] = v.numpy()
    for k, g in zip([k for k, v in w.items() if v.requires_grad], grads):
        arrays[f"{number}.g.{k}"] = g.contiguous().numpy()


def batch_norm(x, w, n):
    return F.batch_norm(x, None, None, w[f"bn{n}.gamma"], w[f"bn{n}.beta"], True, 0.1, 1e-5)


def norm_weights(n, c):
    return {f"bn{n}.gamma": r(c), f"bn{n}.beta": r(c), f"bn{n}.moving_mean": torch.zeros(c), f"bn{n}.moving_variance": torch.ones(c)}


def residual(x, w):
    a = F.relu(batch_norm(F.conv2d(x, w["conv1.weight"], w["conv1.bias"], padding=1), w, 1))
    b = batch_norm(F.conv2d(a, w["conv2.weight"], padding=1), w, 2)
    y = F.avg_pool2d(F.relu(a + b), 2)
    return y.flatten(1) @ w["fc1.weight"].T + w["fc1.bias"]


net("conv2d out_channels=6 kernel_size=3 has_bias=true | batch_norm eps=1e-5 | relu name=a | conv2d out_channels=6 kernel_size=3"
    " | batch_norm eps=1e-5 | add from=a | relu | avg_pool kernel_size=2 stride=2 | flatten | dense out_channels=5"
    " | softmax_cross_entropy | sgd learning_rate=0",
    r(7, 3, 8, 6),
    {"conv1.weight": r(6, 3, 3, 3), "conv1.bias": r(6), **norm_weights(1, 6), "conv2.weight": r(6, 6, 3, 3), **norm_weights(2, 6),
     "fc1.weight": r(5, 72), "fc1.bias": r(5)},
    residual, state=[f"bn{n}.moving_{v}" for n in (1, 2) for v in ("mean", "variance")])


def transformer(x, w, heads=3):
    """Places are rows here; a 1x1 convolution is a matrix."""
    x = F.conv2d(x, w["conv1.weight"], w["conv1.bias"], stride=2)
    height, width = x.shape[2:]
    x = x.flatten(2).transpose(1, 2)
    qkv = layer_norm(x, w, 1) @ w["conv2.weight"].flatten(1).T
    q, k, v = (t.unflatten(2, (heads, -1)).transpose(1, 2) for t in qkv.chunk(3, 2))
    seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    x = x + seen @ w["conv3.weight"].flatten(1).T
    y = F.gelu(layer_norm(x, w, 2) @ w["conv4.weight"].flatten(1).T, approximate="tanh")
    x = x + y @ w["conv5.weight"].flatten(1).T
    return x.transpose(1, 2).flatten(1) @ w["fc1.weight"].T + w["fc1.bias"]


net("conv2d out_channels=12 kernel_size=2 stride=2 has_bias=true name=a | layer_norm epsilon=1e-5 | conv2d out_channels=36 kernel_size=1"
    " | attention num_heads=3 | conv2d out_channels=12 kernel_size=1 | add from=a name=b | layer_norm epsilon=1e-5"
    " | conv2d out_channels=20 kernel_size=1 | gelu | conv2d out_channels=12 kernel_size=1 | add from=b | flatten"
    " | dense out_channels=5 | softmax_cross_entropy | sgd learning_rate=0",
    r(6, 3, 6, 8),
    {"conv1.weight": r(12, 3, 2, 2), "conv1.bias": r(12), "ln1.gamma": r(12), "ln1.beta": r(12), "conv2.weight": r(36, 12, 1, 1),
     "conv3.weight": r(12, 12, 1, 1), "ln2.gamma": r(12), "ln2.beta": r(12), "conv4.weight": r(20, 12, 1, 1),
     "conv5.weight": r(12, 20, 1, 1), "fc1.weight": r(5, 144), "fc1.bias": r(5)},
    transformer)


def lstm(x, w, name):
    """x[n, steps, inputs]; ours are gates i, j, f, o side by side, PyTorch's i, f, g, o."""
    inputs, hidden = x.shape[2], w[f"{name}.bias"].shape[0] // 4

    def ifgo(t):
        i, j, f, o = t.chunk(4, -1)
        return torch.cat((i, f, j, o), -1)

    weight = ifgo(w[f"{name}.weight"])
    state = dict(weight_ih_l0=weight[:inputs].T, weight_hh_l0=weight[inputs:].T, bias_ih_l0=ifgo(w[f"{name}.bias"]),
                 bias_hh_l0=torch.zeros(4 * hidden))
    return torch.func.functional_call(torch.nn.LSTM(inputs, hidden, batch_first=True), state, (x,))[0]


def gru(x, w, name):
    inputs, hidden = x.shape[2], w[f"{name}.bias_input"].shape[0] // 3
    state = dict(weight_ih_l0=w[f"{name}.weight_input"].T, weight_hh_l0=w[f"{name}.weight_hidden"].T,
                 bias_ih_l0=w[f"{name}.bias_input"], bias_hh_l0=w[f"{name}.bias_hidden"])
    return torch.func.functional_call(torch.nn.GRU(inputs, hidden, batch_first=True), state, (x,))[0]


def over_rows(x, w):
    x = x.permute(0, 2, 3, 1).flatten(2)                     # a row is a step: its places, channels innermost
    return gru(torch.tanh(lstm(x, w, "lstm1")), w, "gru1")[:, -1] @ w["fc1.weight"].T + w["fc1.bias"]


net("lstm hidden_size=7 return_sequences=true | tanh | gru hidden_size=6 | dense out_channels=5 | softmax_cross_entropy"
    " | sgd learning_rate=0",
    r(6, 2, 9, 4),
    {"lstm1.weight": r(15, 28), "lstm1.bias": r(28), "gru1.weight_input": r(7, 18), "gru1.weight_hidden": r(6, 18),
     "gru1.bias_input": r(18), "gru1.bias_hidden": r(18), "fc1.weight": r(5, 6), "fc1.bias": r(5)},
    over_rows)


def words(x, w):
    return lstm(F.embedding(x.long(), w["embedding1.weight"]), w, "lstm1")[:, -1] @ w["fc1.weight"].T + w["fc1.bias"]


net("embedding num_embeddings=11 embedding_size=8 | lstm hidden_size=6 | dense out_channels=5 | softmax_cross_entropy"
    " | sgd learning_rate=0",
    torch.tensor(rng.integers(0, 11, (9, 7)).astype(np.float32)),
    {"embedding1.weight": r(11, 8), "lstm1.weight": r(14, 24), "lstm1.bias": r(24), "fc1.weight": r(5, 6), "fc1.bias": r(5)}, words)


def functions(x, w):
    a = torch.sigmoid(F.conv2d(x, w["conv1.weight"], padding=1))
    b = F.gelu(F.conv2d(a, w["conv2.weight"], padding=1), approximate="tanh").softmax(1)
    c = torch.cat((b, a), 1)                                  # what from= names comes last
    return F.max_pool2d(F.conv2d(c, w["conv3.weight"]).log_softmax(1), 2).flatten(1)


net("conv2d out_channels=4 kernel_size=3 | sigmoid name=a | conv2d out_channels=3 kernel_size=3 | gelu | softmax | concat from=a"
    " | conv2d out_channels=5 kernel_size=3 pad_mode=valid | log_softmax | max_pool kernel_size=2 stride=2 | flatten"
    " | softmax_cross_entropy | sgd learning_rate=0",
    r(8, 3, 8, 6), {"conv1.weight": r(4, 3, 3, 3), "conv2.weight": r(3, 4, 3, 3), "conv3.weight": r(5, 7, 3, 3)}, functions,
    classes=30)

def gpt_weights(vocabulary, places, d, wide, blocks):
    w = {"embedding1.weight": r(vocabulary, d), "position_embedding1.weight": r(places, d)}
    for i in range(blocks):
        for n, (a, b) in enumerate(((3 * d, d), (d, d), (wide, d), (d, wide))):
            w[f"conv{4 * i + n + 1}.weight"], w[f"conv{4 * i + n + 1}.bias"] = r(a, b, 1, 1, low=-0.5, high=0.5), r(a)
    for n in range(1, 2 * blocks + 2):
        w[f"ln{n}.gamma"], w[f"ln{n}.beta"] = r(d), r(d)
    return w


def tokens(*shape, vocabulary):
    return torch.tensor(rng.integers(0, vocabulary, shape).astype(np.float32))


def gpt_net(n, places, vocabulary, d, heads, wide, blocks, tied):
    x, weights = tokens(n, places, vocabulary=vocabulary), gpt_weights(vocabulary, places, d, wide, blocks)
    head = "embedding1.weight" if tied else f"conv{4 * blocks + 1}.weight"
    if not tied:
        weights[head] = r(vocabulary, d, 1, 1)
    net(gpt_text(vocabulary, d, heads, wide, blocks, " tied=tokens" if tied else "")
        + " | softmax_cross_entropy per=place | sgd learning_rate=0", x, weights, lambda x, w: gpt(x, w, heads, blocks, head),
        classes=vocabulary, places=(places,))


gpt_net(5, 13, 23, 15, 3, 17, 2, tied=False)
gpt_net(7, 1, 3, 5, 1, 1, 1, tied=False)
gpt_net(3, 11, 19, 10, 5, 13, 2, tied=True)



def features(x, w):
    return torch.tanh(x @ w["fc1.weight"].T + w["fc1.bias"]) @ w["fc2.weight"].T


def loss_net(loss, loss_of, log=False, targets=None):
    net(f"dense out_channels=6 | tanh | dense out_channels=5 has_bias=false{' | log_softmax' * log} | {loss} | sgd learning_rate=0",
        r(9, 7), {"fc1.weight": r(6, 7), "fc1.bias": r(6), "fc2.weight": r(5, 6)},
        lambda x, w: features(x, w).log_softmax(1) if log else features(x, w), loss_of=loss_of, targets=targets)


loss_net("nll", F.nll_loss, log=True)
loss_net("softmax_cross_entropy label_smoothing=0.3", lambda y, t: F.cross_entropy(y, t, label_smoothing=0.3))
loss_net("softmax_cross_entropy", F.cross_entropy, targets=r(9, 5, low=0))
loss_net("softmax_cross_entropy label_smoothing=0.2", lambda y, t: F.cross_entropy(y, t, label_smoothing=0.2), targets=r(9, 5, low=0).softmax(1))
loss_net("mse", lambda y, t: F.mse_loss(y, F.one_hot(t, 5).float()))
loss_net("mse", F.mse_loss, targets=r(9, 5))



def grown(x, w):
    a = F.leaky_relu(F.conv_transpose2d(x, w["conv_transpose1.weight"], w["conv_transpose1.bias"], stride=(2, 3), padding=1, output_padding=(1, 2)), 0.2)
    b = F.conv_transpose2d(a, w["conv_transpose2.weight"], groups=2, dilation=(1, 2))
    c = F.conv_transpose2d(b, w["conv_transpose3.weight"], stride=2)      # same: of 2 lines more than twice the input one before, one behind
    c = torch.tanh(c[:, :, 1:-1, 1:-1])
    return F.adaptive_max_pool2d(F.leaky_relu(c), 1).flatten(1) + F.adaptive_avg_pool2d(c, 1).flatten(1)


net("conv2d_transpose out_channels=6 kernel_size=3 stride=2,3 pad_mode=pad padding=1 output_padding=1,2 has_bias=true"
    " | leaky_relu negative_slope=0.2 | conv2d_transpose out_channels=4 kernel_size=3,2 group=2 dilation=1,2 pad_mode=valid"
    " | conv2d_transpose out_channels=5 kernel_size=4 stride=2 | tanh name=a | leaky_relu | global_max_pool name=most"
    " | global_avg_pool from=a | add from=most | flatten | softmax_cross_entropy | sgd learning_rate=0",
    r(6, 3, 5, 4), {"conv_transpose1.weight": r(3, 6, 3, 3), "conv_transpose1.bias": r(6), "conv_transpose2.weight": r(6, 2, 3, 2),
                    "conv_transpose3.weight": r(4, 5, 4, 4)}, grown)

np.savez(f"{folder}/torch_nets.npz", **arrays)
with open(f"{folder}/torch_nets.txt", "w", encoding="utf-8") as out:
    out.write(f"# PyTorch {torch.__version__}: the nets of torch_nets.npz (make_nets.py)\n")
    out.writelines(line + "\n" for line in lines)
