#!/usr/bin/env python3
"""Write tests/golden/tokens/: files of tokens by those who made the formats, and the windows of Megatron's GPTDataset.

    make_tokens.py DATA_COMMON FOLDER       (needs numpy, torch and megatron-core; DATA_COMMON is llm.c's
                                             dev/data/data_common.py)

megatron.txt: a line a data set of `order.idx`: seed, length, num_samples, the number of samples, and SHA-256 of all
their tokens and the last label, as int32.
"""
import hashlib
import os
import sys
import tempfile
import types

import numpy
import torch

import megatron.core
from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
from megatron.core.datasets.indexed_dataset import DType, IndexedDataset, IndexedDatasetBuilder
from megatron.core.datasets.utils import Split



class Tokenizer:
    vocab_size, eod, pad, unique_identifiers = 50257, 50256, -1, {'class': 'none'}


def text(n, most):
    """n tokens that do not repeat soon."""
    return [i * 7919 % most for i in range(n)]


def megatron_file(name, dtype, documents):
    builder = IndexedDatasetBuilder(name + '.bin', dtype=dtype)
    for sequences in documents:
        flat = [t for s in sequences for t in s]
        builder.add_document(torch.tensor(flat, dtype=torch.int64), [len(s) for s in sequences])
    builder.finalize(name + '.idx')


def cut(tokens, lengths):
    """Documents of one sequence each."""
    ends = numpy.cumsum(lengths)
    return [[tokens[e - n:e]] for n, e in zip(lengths, ends)]


def samples(name, seed, length, num_samples, split='1', part=0):
    """The windows of length + 1 tokens of a data set, in its order; None where the part has no tokens."""
    config = GPTDatasetConfig(
        random_seed=seed, sequence_length=length, split=split, tokenizer=Tokenizer(), reset_position_ids=False,
        reset_attention_mask=False, eod_mask_loss=False, create_attention_mask=False, blend=([name], None))
    low = IndexedDataset(name)
    n = float(low.sequence_lengths.shape[0])
    begin, end = (int(round(edge * n)) for edge in config.split_matrix[part] or (0, 0))  # as its builder
    if low.sequence_lengths[begin:end].sum() == 0:  # of which GPTDataset would count epochs without end
        return None
    indices = numpy.arange(begin, end, dtype=numpy.int32)
    with tempfile.TemporaryDirectory() as cache:
        config.path_to_cache = cache
        data = GPTDataset(low, name, indices, num_samples or None, Split.train, config)
        items = [data[i] for i in range(len(data))]
    return numpy.array([i['tokens'].tolist() + i['labels'].tolist()[-1:] for i in items], dtype='<i4')


def main(data_common, folder):
    sys.modules.setdefault('requests', types.ModuleType('requests'))
    sys.modules.setdefault('tqdm', types.SimpleNamespace(tqdm=None))
    sys.path.insert(0, os.path.dirname(data_common))
    import data_common as llmc

    os.chdir(folder)
    tokens = text(41, 50257)
    llmc.write_datafile('llmc_1.bin', tokens, 'gpt-2')
    llmc.write_datafile('llmc_7.bin', tokens, 'llama-3')
    question = {'label': 1, 'ctx_tokens': [5, 6], 'ending_tokens': [[1], [2], [3], [4, 5]]}
    llmc.write_evalfile('llmc_eval.bin', [question])
    numpy.array(tokens, dtype=numpy.uint16).tofile('bare.bin')  # as nanoGPT's data/shakespeare/prepare.py
    megatron_file('megatron', numpy.uint16, cut(tokens, [0, 3, 0, 0, 17, 1, 20, 0]))
    several = [[tokens[:2], [], tokens[2:9]], [], [tokens[9:40], tokens[40:]]]
    megatron_file('several', numpy.int32, several)
    for dtype in DType:
        megatron_file(dtype.name, getattr(numpy, dtype.name), cut(text(11, 120), [4, 0, 7]))
    lengths = [5, 0, 1, 30, 0, 2, 2, 11, 1, 0, 40, 3, 7, 0]
    megatron_file('order', numpy.uint16, cut(list(range(sum(lengths))), lengths))
    with open('megatron.txt', 'w') as out:
        print(f'# megatron-core {megatron.core.__version__}, numpy {numpy.__version__}: make_tokens.py', file=out)
        for length in (2, 5, 8, 101):
            for seed in (1234, 0, 4294967295):
                for num_samples in (0, 1, 12, 13, 20, 21, 24, 37, 50, 60, 77, 130):
                    rows = samples('order', seed, length, num_samples)
                    digest = hashlib.sha256(rows.tobytes()).hexdigest()
                    print(f'seed={seed} length={length} num_samples={num_samples} : {len(rows)} {digest}', file=out)
        for split in ('9,3,2', '969,30,1', '0.5,0.25,0.25', '7,0,1', '3,1', '2,1,11'):
            for part in range(split.count(',') + 1):
                rows = samples('order', 5, 2, 7, split, part)
                if rows is not None:
                    digest = hashlib.sha256(rows.tobytes()).hexdigest()
                    print(f'seed=5 length=2 num_samples=7 split={split} part={part} : {len(rows)} {digest}', file=out)


if __name__ == '__main__':
    main(*sys.argv[1:])
