#!/usr/bin/env python3
"""Write tests/golden/pt/: files of weights by PyTorch, and beside each what it holds, by the library of safetensors.

    make_torch_files.py [FOLDER [SEED]]        (the golden ones: PyTorch 2.7.1, safetensors 0.8.0, numpy 1.26.4)

NAME.pt is read by detpipe, NAME.safetensors has its tensors under their dotted names, contiguous.  NAME.pt without the
other is refused: the test says why.  None of them names anything that does something when it is called.
"""
import collections
import fractions
import os
import sys
import zipfile

import numpy
import safetensors
import safetensors.torch
import torch
import torch.utils.serialization

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pt')
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
print(f'torch {torch.__version__}, safetensors {safetensors.__version__}, numpy {numpy.__version__}')


def dotted(value, name=''):
    """Every tensor of nested dictionaries and lists under its dotted name."""
    if isinstance(value, torch.Tensor):
        return {name or 'tensor': value.detach().clone().contiguous()}
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    out = {}
    for key, item in pairs:
        out.update(dotted(item, f'{name}.{key}' if name else str(key)))
    return out


def write(name, value, **how):
    torch.save(value, os.path.join(OUT, name + '.pt'), **how)
    safetensors.torch.save_file(dotted(value), os.path.join(OUT, name + '.safetensors'))


def noise(shape, dtype=torch.float32):
    values = torch.from_numpy(numpy.random.RandomState(SEED).standard_normal(shape).astype('float32'))
    return (values * 50).to(dtype)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 2, 3)
        self.bn1 = torch.nn.BatchNorm2d(2)
        self.fc = torch.nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.bn1(self.conv1(x)).flatten(1))


os.makedirs(OUT, exist_ok=True)
torch.manual_seed(SEED)
net = Net()
optimizer = torch.optim.AdamW(net.parameters(), lr=0.125)
net(noise((2, 1, 4, 4))).square().sum().backward()
optimizer.step()

write('state_dict', net.state_dict())
torch.utils.serialization.config.save.compute_crc32 = False
write('no_crc', net.state_dict())
torch.utils.serialization.config.save.compute_crc32 = True
write('other', {name: t + (name == 'fc.bias') * torch.tensor([0, 1, 0]) if t.ndim == 1 and len(t) == 3 else t
                for name, t in net.state_dict().items()})
write('legacy', net.state_dict(), _use_new_zipfile_serialization=False)
write('protocol4', net.state_dict(), pickle_protocol=4)
write('nested', {'model': net.state_dict(), 'optimizer': optimizer.state_dict(), 'epoch': 3, 'best': 0.5,
                 'seed': 2 ** 64 - 1, 'rng': torch.arange(16, dtype=torch.uint8), 'name': 'r\u00e9sum\u00e9', 'none': None,
                 'list': [torch.ones(2), (torch.zeros(1), True)], 'device': torch.device('cpu'),
                 'shape': torch.Size([1, 2]), 'dtype': torch.bfloat16, 'bytes': b'\x00\xff'})
write('parameters', {'a': torch.nn.Parameter(noise((2, 3))),
                     'b': torch.nn.Parameter(noise((4,), torch.bfloat16), requires_grad=False)})

base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
expanded = torch.tensor([1.0, 2.0, 3.0]).expand(2, 3)
views = {'whole': base, 'row': base[1], 'column': base[:, 2], 'turned': base.t(), 'part': base[1:3, 1:5:2],
         'scalar': base[3, 5], 'expanded': expanded, 'single': base[2:3, 4:5], 'none': base[4:],
         'permuted': torch.arange(24, dtype=torch.int16).reshape(2, 3, 4).permute(2, 0, 1),
         'last': torch.arange(8, dtype=torch.float64).reshape(2, 2, 2).contiguous(memory_format=torch.contiguous_format),
         'channels_last': noise((2, 3, 2, 2)).to(memory_format=torch.channels_last)}
write('views', views)
write('views_legacy', views, _use_new_zipfile_serialization=False)

kinds = {}
for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.int16,
              torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64, torch.bool):
    kinds[str(dtype)[6:]] = torch.arange(-3, 4).to(dtype) if dtype != torch.bool else torch.tensor([True, False])
kinds['scalar'] = torch.tensor(1.5)
kinds['empty'] = torch.zeros(0)
kinds['empty_3_0_2'] = torch.zeros(3, 0, 2, dtype=torch.int64)
kinds['rank8'] = torch.arange(2.0).reshape(1, 1, 1, 2, 1, 1, 1, 1)
write('kinds', kinds)
write('kinds_legacy', kinds, _use_new_zipfile_serialization=False)
write('many', {f'layer{i}.weight': torch.full((1,), float(i)) for i in range(300)})
write('tensor', torch.arange(3.0))
write('nothing', {})

# every number of the small floating types, and numbers at the edges of the wide ones, as float32
with numpy.errstate(all='ignore'):
    edges = numpy.array([0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0x7FF0000000000001,
                         0xFFF4000040000000, 0x0000000000000000, 0x8000000000000000, 0x0000000000000001,
                         0x47EFFFFFE0000000, 0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000, 0x3690000000000000,
                         0x3690000000000001, 0x36A0000000000000, 0x380FFFFFC0000000, 0x380FFFFFE0000000,
                         0x380FFFFFF0000000, 0x3FF0000010000000, 0x3FF0000010000001, 0x3FF0000030000000,
                         0xBFF0000030000000, 0x3810000000000000, 0x7FEFFFFFFFFFFFFF], dtype=numpy.uint64)
floats = {'float8_e4m3fn': torch.arange(256, dtype=torch.uint8).view(torch.float8_e4m3fn),
          'float8_e5m2': torch.arange(256, dtype=torch.uint8).view(torch.float8_e5m2),
          'float16': torch.arange(65536, dtype=torch.int32).to(torch.int16)[::17].clone().view(torch.float16),
          'bfloat16': torch.arange(65536, dtype=torch.int32).to(torch.int16)[::17].clone().view(torch.bfloat16),
          'float64': torch.from_numpy(edges.view(numpy.float64)),
          'int32': torch.arange(3, dtype=torch.int32)}
write('floats', floats)
cast = {name: t.to(torch.float32) if t.is_floating_point() else t for name, t in floats.items()}
safetensors.torch.save_file(cast, os.path.join(OUT, 'floats_float32.safetensors'))

for name, values in ('narrow', [1.0, 2.0, -0.5]), ('narrow_other', [1.0, 2.25, 0.5]):
    safetensors.torch.save_file({str(t)[6:]: torch.tensor(values).to(t) for t in (
        torch.float8_e4m3fn, torch.float16, torch.bfloat16)}, os.path.join(OUT, name + '.safetensors'))

weights = {'fc1.weight': noise((10, 48)) / 100, 'fc1.bias': noise((10,)) / 100}
torch.save(weights, os.path.join(OUT, 'net.pt'))
torch.save({name: t.to(torch.bfloat16) for name, t in weights.items()}, os.path.join(OUT, 'net_bfloat16.pt'))

# refused, each for another reason
def refused(name, value, **how):
    torch.save(value, os.path.join(OUT, name + '.pt'), **how)


refused('refused_name', {'weight': torch.ones(2), 'a': fractions.Fraction(1, 3)})
refused('refused_counter', {'weight': torch.ones(2), 'a': collections.Counter('aab')}, _use_new_zipfile_serialization=False)
refused('refused_complex', {'layer.weight': torch.ones(2, dtype=torch.complex64)})
refused('refused_numpy', {'weight': torch.ones(2), 'best': numpy.float64(0.5)})
refused('refused_sparse', {'weight': torch.eye(2).to_sparse()})
refused('refused_quantized', {'weight': torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)})
refused('refused_key', {('a', 1): torch.ones(2)})
refused('refused_twice', {'a.b': torch.ones(2), 'a': {'b': torch.zeros(2)}})
refused('refused_fnuz', {'fc.weight': torch.ones(2).to(torch.float8_e4m3fnuz)})
refused('refused_negated', {'fc.weight': torch.ones(2, dtype=torch.complex64).conj().imag})
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), os.path.join(OUT, 'refused_script.pt'))

circle = {'weight': torch.ones(2)}
circle['again'] = circle
refused('refused_circle', circle)
deep = torch.ones(2)
for i in range(70):
    deep = {'a': deep}
refused('refused_deep', deep)
one = torch.ones(1)
refused('refused_views', {name: one.expand(1 << 23) for name in ('a', 'b', 'weight')}, _use_new_zipfile_serialization=False)


def rewritten(name, change, kind=zipfile.ZIP_STORED):
    """NAME.pt: the members of state_dict.pt, (name, bytes) each, as `change` gives them back."""
    with zipfile.ZipFile(os.path.join(OUT, 'state_dict.pt')) as z:
        members = [(info.filename, z.read(info)) for info in z.infolist()]
    with zipfile.ZipFile(os.path.join(OUT, name + '.pt'), 'w', kind) as out:
        for member, content in change(members):
            out.writestr(zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0)), content, kind)


def swapped(member, content):
    """A storage of the state_dict in the other byte order: float32, but for the one counter."""
    if 'byteorder' in member:
        return member, b'big'
    kind = '<f4' if len(content) != 8 or numpy.frombuffer(content, '<i8')[0] != 1 else '<i8'
    return member, numpy.frombuffer(content, kind).byteswap().tobytes() if '/data/' in member else content


# deflated and in another order; of a big-endian machine; then what no writer makes
rewritten('repacked', lambda members: reversed(members), zipfile.ZIP_DEFLATED)
rewritten('big_endian', lambda members: [swapped(*m) for m in members])
for name in ('repacked', 'big_endian'):
    safetensors.torch.save_file(dotted(net.state_dict()), os.path.join(OUT, name + '.safetensors'))
    held = torch.load(os.path.join(OUT, name + '.pt'))
    assert all(torch.equal(t, held[key]) for key, t in net.state_dict().items())
for name, change in {
        'refused_missing': lambda members: [m for m in members if not m[0].endswith('/data/3')],
        'refused_short': lambda members: [(m, c[:-1] if m.endswith('/data/3') else c) for m, c in members],
        'refused_member_twice': lambda members: members + [m for m in members if m[0].endswith('/data/3')],
        'refused_folder': lambda members: members + [('other/data/3', b'')],
        'refused_order': lambda members: [(m, b'middle' if 'byteorder' in m else c) for m, c in members],
        'refused_object': lambda members: [m for m in members if not m[0].endswith('.pkl')]}.items():
    rewritten(name, change)

# arrays in the other byte order, and in both orders of the index
numpy.savez(os.path.join(OUT, 'big.npz'), **{
    f'{kind}{order}': numpy.array(numpy.arange(6).reshape(2, 3), dtype='>' + kind, order=order)
    for kind in ('f4', 'f8', 'f2', 'i2', 'i4', 'i8', 'u2', 'u4', 'u8') for order in 'CF'},
    scalar=numpy.array(1.5, '>f4'), little=numpy.arange(6).reshape(2, 3))
sys.stdout.flush()
