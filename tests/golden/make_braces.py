#!/usr/bin/env python3
"""Write tests/golden/braces.txt: the names of files that braceexpand, which WebDataset asks, makes of texts.

    make_braces.py > braces.txt       (needs the packages webdataset and braceexpand)

A line is a text, "->", and each name in brackets; "error" where the library refuses the text.
"""
import random

import braceexpand
from webdataset.shardlists import expand_urls

FIXED = [
    "a.tar", "train-{000..012}.tar", "{0..3}", "{00..3}", "{0..03}", "{9..7}", "{5..5}", "{-2..2}", "{-02..1}",
    "{3..-3..2}", "{0..10..3}", "{10..0..3}", "{0..9..0}", "{0..9..-4}", "{a..f}", "{f..a..2}", "{Y..b}", "{b..Y}",
    "{A..A}", "{c..A}", "{a,b,c}.tar", "{a,}", "{,a}x", "{,}", "{}", "{a}", "x{ab}y", "{{a,b}}", "{{1..3}}",
    "{a,{b,c}d}e", "p{2.{5..7},3.{2,3}}", "{a,b}{1..3}", "{x{1..2},y}::z-{3..4}", "a::b::c", "{1..3", "1..3}", "{a,{b}",
    "{a,b}}", "\\{1..3\\}", "{a\\,b,c}", "{1\\{2,3}", "\\\\{a,b}", "{1..a}", "{aa..b}", "{1...3}", "{1..2..}", "{..}",
    "{1..3..2..1}", "{+1..3}", "{0..1}{0..1}{0..1}", "{a..c}{,.gz}", "{-0..1}", "{-00..1}", "{0..-10..5}",
    "d{0,1}/s-{08..11}.tar", "{{a,b},{c,{d,e}}}", "{a{b}c,d}", "{a,b", "a}b{c", "{1..2}{", "{ }", "{01..0002}",
]


def main():
    rng = random.Random(1)
    texts = list(FIXED)
    while len(texts) < 400:
        texts.append("".join(rng.choice(["{", "}", ",", "..", "a", "B", "0", "12", "-", "\\", "::", "{0..2}", "{a,b}"])
                             for _ in range(rng.randrange(1, 9))))
    print(f"# braceexpand {braceexpand.__version__}, asked by webdataset 1.0.2; by make_braces.py")
    for text in dict.fromkeys(texts):
        try:
            names = expand_urls(text)
        except braceexpand.UnbalancedBracesError:
            print(text, "->", "error")
            continue
        if len(names) < 100:
            print(text, "->", " ".join(f"[{name}]" for name in names))


main()
