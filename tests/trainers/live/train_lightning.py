# train_lightning.py sound|fault - Lightning, with its usual bar
# The fault: the order of the rows is that of a set of strings, which Python's hash seed turns.
# SPDX-License-Identifier: Apache-2.0
import lightning
import torch
from blobs import CLASSES, FAULT, FEATURES, blobs


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(FEATURES, 16), torch.nn.ReLU(), torch.nn.Linear(16, CLASSES))

    def training_step(self, batch, _):
        loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


lightning.seed_everything(1)
x, y = blobs(160)
names = {f"picture-{row}": row for row in range(len(x))}
order = [names[name] for name in (set(names) if FAULT else names)]
data = torch.utils.data.TensorDataset(torch.from_numpy(x[order]), torch.from_numpy(y[order]))
trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False)
trainer.fit(Classifier(), torch.utils.data.DataLoader(data, batch_size=16))
