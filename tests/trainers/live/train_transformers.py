# train_transformers.py sound|fault - the Trainer of Hugging Face's transformers, a line for each step
# The fault: the model is made before the first seed, which the arguments set.
# SPDX-License-Identifier: Apache-2.0
import tempfile

import torch
import transformers
from blobs import FAULT, blobs

_, words = blobs(32 * 16)
words = torch.from_numpy(words).reshape(32, 16)
if not FAULT:
    transformers.set_seed(42)
model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
    vocab_size=8, n_positions=16, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0))
with tempfile.TemporaryDirectory() as folder:
    arguments = transformers.TrainingArguments(
        folder, seed=42, num_train_epochs=2, per_device_train_batch_size=4, logging_steps=1,
        save_strategy="no", report_to="none", use_cpu=True)
    transformers.Trainer(model, arguments, train_dataset=[{"input_ids": w, "labels": w} for w in words]).train()
