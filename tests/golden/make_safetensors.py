#!/usr/bin/env python3
"""Write tests/golden/safetensors.txt: what the format's own library says of small headers, sound and not.

    make_safetensors.py > safetensors.txt       (needs the package safetensors)

A line is its verdict, the bytes of data behind the header, and the header, %XX for what is not printable.  `strict`: the
library takes it, detpipe does not, for a reason that stands in docs/checkpoint.md.
"""
import struct

import safetensors

T='"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'


def U(n, a, b):
    return f'"{n}":{{"dtype":"U8","shape":[{b-a}],"data_offsets":[{a},{b}]}}'
cases=[
 ('plain','{'+T+'}',8),
 ('spaces after','{'+T+'}   ',8),
 ('newline after','{'+T+'}\n',8),
 ('tab after','{'+T+'}\t',8),
 ('garbage after','{'+T+'}x',8),
 ('second object','{'+T+'}{}',8),
 ('NUL after','{'+T+'}\0',8),
 ('space first',' {'+T+'}',8),
 ('BOM first','\ufeff{'+T+'}',8),
 ('array','['+T+']',8),
 ('empty','{}',0),
 ('empty with data','{}',1),
 ('no header','',0),
 ('blanks inside','{ "a" : { "dtype" : "F32" , "shape" : [ 2 ] , "data_offsets" : [ 0 , 8 ] } }',8),
 ('newlines inside','{\n'+T+'\n}',8),
 ('one byte more','{'+T+'}',9),
 ('one byte less','{'+T+'}',7),
 ('hole first','{"a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}',9),
 ('hole between','{'+U('a',0,1)+','+U('b',2,3)+'}',3),
 ('overlap','{'+U('a',0,2)+','+U('b',1,3)+'}',3),
 ('same place','{'+U('a',0,1)+','+U('b',0,1)+'}',1),
 ('order of file','{'+U('a',1,2)+','+U('b',0,1)+'}',2),
 ('zero sized','{'+U('a',0,0)+','+U('b',0,1)+'}',1),
 ('zero sized at the end','{'+U('a',1,1)+','+U('b',0,1)+'}',1),
 ('zero sized inside','{'+U('a',0,2)+','+U('b',1,1)+'}',2),
 ('duplicate key','{'+U('a',0,1)+','+U('a',0,1)+'}',1),
 ('duplicate key, other','{'+U('a',0,1)+','+U('a',1,2)+'}',2),
 ('duplicate dtype','{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}',1),
 ('duplicate metadata','{"__metadata__":{},"__metadata__":{},'+U('a',0,1)+'}',1),
 ('duplicate in metadata','{"__metadata__":{"x":"1","x":"2"},'+U('a',0,1)+'}',1),
 ('metadata','{"__metadata__":{"x":"1"},'+U('a',0,1)+'}',1),
 ('metadata number','{"__metadata__":{"x":1},'+U('a',0,1)+'}',1),
 ('metadata null value','{"__metadata__":{"x":null},'+U('a',0,1)+'}',1),
 ('metadata object','{"__metadata__":{"x":{}},'+U('a',0,1)+'}',1),
 ('metadata list','{"__metadata__":[],'+U('a',0,1)+'}',1),
 ('metadata text','{"__metadata__":"x",'+U('a',0,1)+'}',1),
 ('metadata null','{"__metadata__":null,'+U('a',0,1)+'}',1),
 ('unknown key in tensor','{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}',1),
 ('no dtype','{"a":{"shape":[1],"data_offsets":[0,1]}}',1),
 ('no shape','{"a":{"dtype":"U8","data_offsets":[0,1]}}',1),
 ('no offsets','{"a":{"dtype":"U8","shape":[1]}}',1),
 ('three offsets','{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}',1),
 ('one offset','{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}',1),
 ('float shape','{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}',1),
 ('exponent shape','{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}',1),
 ('leading zero','{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}',1),
 ('plus','{"a":{"dtype":"U8","shape":[+1],"data_offsets":[0,1]}}',1),
 ('minus zero','{"a":{"dtype":"U8","shape":[1],"data_offsets":[-0,1]}}',1),
 ('minus','{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}',1),
 ('shape text','{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}',1),
 ('shape object','{"a":{"dtype":"U8","shape":{},"data_offsets":[0,1]}}',1),
 ('scalar','{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}',1),
 ('huge dims','{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]}}',1),
 ('huge and zero dims','{"a":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}',0),
 ('dim past 2^64','{"a":{"dtype":"U8","shape":[18446744073709551617],"data_offsets":[0,1]}}',1),
 ('wrong size','{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}',8),
 ('offsets turned','{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}',1),
 ('dtype small','{"a":{"dtype":"u8","shape":[1],"data_offsets":[0,1]}}',1),
 ('dtype unknown','{"a":{"dtype":"X8","shape":[1],"data_offsets":[0,1]}}',1),
 ('dtype number','{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}',1),
 ('tensor number','{"a":7}',0),
 ('tensor null','{"a":null}',0),
 ('trailing comma','{'+U('a',0,1)+',}',1),
 ('trailing comma in list','{"a":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}',1),
 ('single quotes',"{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}",1),
 ('comment','{/**/'+U('a',0,1)+'}',1),
 ('cut','{'+U('a',0,1),1),
 ('raw newline in name','{'+U('a\nb',0,1)+'}',1),
 ('raw tab in name','{'+U('a\tb',0,1)+'}',1),
 ('escaped name','{'+U('a\\u0062',0,1)+'}',1),
 ('escaped duplicate','{'+U('ab',0,1)+','+U('a\\u0062',1,2)+'}',2),
 ('surrogate pair','{'+U('\\ud83d\\ude00',0,1)+'}',1),
 ('lone surrogate','{'+U('\\ud83d',0,1)+'}',1),
 ('bad escape','{'+U('\\x41',0,1)+'}',1),
 ('slash escape','{'+U('a\\/b',0,1)+'}',1),
 ('invalid UTF-8',b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',1),
 ('overlong UTF-8',b'{"\xc0\xaf":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',1),
 ('NUL in name','{'+U('a\\u0000b',0,1)+'}',1),
 ('empty name','{'+U('',0,1)+'}',1),
 ('key type','{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"Dtype":"F32"}}',1),
 ('metadata tensor only','{"__metadata__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',0),
 ('misaligned F32','{'+U('a',0,1)+',"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}',5),
 ('bool two','{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}',1),
 ('rank 9','{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}',1),
 ('deep',  '{"a":'+'['*200+']'*200+'}',0),
]
STRICT = {'duplicate key', 'unknown key in tensor', 'key type', 'NUL in name', 'empty name', 'rank 9', 'space first'}


def verdict(header, n):
    try:
        safetensors.deserialize(struct.pack('<Q', len(header)) + header + bytes(n))
        return 'ok'
    except Exception:
        return 'no'


print(f'# safetensors {safetensors.__version__}, by make_safetensors.py')
for name, header, n in cases:
    header = header if isinstance(header, bytes) else header.encode()
    shown = ''.join(chr(b) if 33 <= b <= 126 and b != 37 else f'%{b:02X}' for b in header)
    v = verdict(header, n)
    assert (name in STRICT) <= (v == 'ok')
    print('strict' if name in STRICT else v, n, shown)
