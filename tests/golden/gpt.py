# gpt.py - a small GPT in PyTorch, and the text of the same net
# SPDX-License-Identifier: Apache-2.0
import torch.nn.functional as F


def layer_norm(x, w, n):
    return F.layer_norm(x, x.shape[-1:], w[f"ln{n}.gamma"], w[f"ln{n}.beta"], 1e-5)


def gpt(x, w, heads, blocks, head):
    """Pre-norm blocks, as GPT-2's; of the weights of 1x1 convolutions the last axes are left out."""
    def matrix(x, n):
        y = x @ w[f"conv{n}.weight"].flatten(1).T
        return y + w[f"conv{n}.bias"] if f"conv{n}.bias" in w else y

    x = F.embedding(x.long(), w["embedding1.weight"]) + w["position_embedding1.weight"]
    for i in range(blocks):
        q, k, v = (t.unflatten(2, (heads, -1)).transpose(1, 2) for t in matrix(layer_norm(x, w, 2 * i + 1), 4 * i + 1).chunk(3, 2))
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + matrix(seen, 4 * i + 2)
        x = x + matrix(F.gelu(matrix(layer_norm(x, w, 2 * i + 2), 4 * i + 3), approximate="tanh"), 4 * i + 4)
    return layer_norm(x, w, 2 * blocks + 1) @ w[head].flatten(1).T


def gpt_text(vocabulary, d, heads, wide, blocks, head):
    text = f"embedding num_embeddings={vocabulary} embedding_size={d} name=tokens | position_embedding name=in1"
    for i in range(1, blocks + 1):
        text += (f" | layer_norm epsilon=1e-5 | conv2d out_channels={3 * d} kernel_size=1 has_bias=true | attention num_heads={heads}"
                 f" causal=true | conv2d out_channels={d} kernel_size=1 has_bias=true | add from=in{i} name=seen{i}"
                 f" | layer_norm epsilon=1e-5 | conv2d out_channels={wide} kernel_size=1 has_bias=true | gelu"
                 f" | conv2d out_channels={d} kernel_size=1 has_bias=true | add from=seen{i}" + (f" name=in{i + 1}" if i < blocks else ""))
    return text + f" | layer_norm epsilon=1e-5 | conv2d out_channels={vocabulary} kernel_size=1{head}"
