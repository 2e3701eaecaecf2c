# under_trainers.py - the callbacks detpipe.lightning.Ledger and detpipe.transformers.Ledger: under_trainers.py DETPIPE MODULE
# SPDX-License-Identifier: Apache-2.0
import os, subprocess, sys, tempfile
import torch

diff, framework = sys.argv[1:3]
folder = tempfile.mkdtemp()


def with_lightning(fault, callbacks):
    import lightning

    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Dropout(0.2), torch.nn.ReLU(), torch.nn.Linear(16, 4))

        def training_step(self, batch, i):
            return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def on_before_optimizer_step(self, optimizer):
            if fault and self.global_step == 2:
                self.net[0].weight.grad.mul_(1.001)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.01)
    lightning.seed_everything(1)
    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(2))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, torch.arange(40) % 4), 8, shuffle=True)
    model = Classifier()
    trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False, callbacks=callbacks,
                                enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(model, loader)
    return model


def with_transformers(fault, callbacks):
    import transformers

    class Scaled(transformers.TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, model=None, **_):
            if fault and state.global_step == 2:
                model.transformer.wte.weight.grad.mul_(1.001)
    transformers.set_seed(42)
    words = torch.randint(8, (40, 16), generator=torch.Generator().manual_seed(2))
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=8, n_positions=16, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0))
    arguments = transformers.TrainingArguments(folder, seed=42, num_train_epochs=2, per_device_train_batch_size=8, save_strategy="no",
                                               report_to="none", use_cpu=True, disable_tqdm=True)
    transformers.Trainer(model, arguments, train_dataset=[{"input_ids": w, "labels": w} for w in words],
                         callbacks=[Scaled(), *callbacks]).train()
    return model


def train(name, fault=False):
    """The bits of a training, with a ledger where it has a name."""
    if framework == "lightning":
        from detpipe.lightning import Ledger
        run = with_lightning
    else:
        from detpipe.transformers import Ledger
        run = with_transformers
    model = run(fault, [Ledger(os.path.join(folder, name))] if name else [])
    return [p.detach().numpy().tobytes() for p in (*model.parameters(), *model.buffers())]


def compare(a, b):
    done = subprocess.run([diff, "diff", os.path.join(folder, a), os.path.join(folder, b)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode, " ".join(done.stdout.split())


plain = train(None)
assert train("a") == plain and train("b") == plain, "the callback changes the training"
status, text = compare("a", "b")
assert status == 0 and "10 in common" in text, text
train("c", True)
first = {"lightning": "net.0.weight", "transformers": "transformer.wte.weight"}[framework]
status, text = compare("a", "c")
assert status == 1 and f'first difference: step 3, "given {first}"' in text, text
print(f"{framework} ledger: all as it should be")
