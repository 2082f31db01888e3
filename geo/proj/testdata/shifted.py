#!/usr/bin/env python3
"""Writes shifted.tsv: places and their coordinates in GCJ-02 and BD-09, with 40 digits instead of floating point.

The formulas are the published ones (docs/manual/coordinates.md), written here a second time so that the Go code is
not compared with itself. Needs mpmath.
"""
import os
import random

from mpmath import atan2, cos, fabs, hypot, mp, mpf, nstr, pi, sin, sqrt

mp.dps = 40
A, EE = mpf(6378245), mpf("0.00669342162296594323")


def gcj(lon, lat):
    x, y = lon - 105, lat - 35
    both = (20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + y * y / 5 + x * y / 10 + sqrt(fabs(x)) / 5 + both
    north += (20 * sin(pi * y) + 40 * sin(pi * y / 3)) * 2 / 3
    north += (160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + x * x / 10 + x * y / 10 + sqrt(fabs(x)) / 10 + both
    east += (20 * sin(pi * x) + 40 * sin(pi * x / 3)) * 2 / 3
    east += (150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)) * 2 / 3
    phi = lat * pi / 180
    m = 1 - EE * sin(phi) ** 2
    return (lon + east * 180 / (A / sqrt(m) * cos(phi) * pi), lat + north * 180 / (A * (1 - EE) / (m * sqrt(m)) * pi))


def bd(x, y):
    turns = pi * 3000 / 180
    z = hypot(x, y) + mpf("0.00002") * sin(y * turns)
    t = atan2(y, x) + mpf("0.000003") * cos(x * turns)
    return z * cos(t) + mpf("0.0065"), z * sin(t) + mpf("0.006")


def places():
    yield from [("116.404", "39.915"), ("121.4737", "31.2304"), ("113.2644", "23.1291"), ("104.0657", "30.6595")]
    yield from [("105", "35"), ("105.0000001", "35.0000001"), ("87.6168", "43.8256"), ("110.3312", "20.0311")]
    # The corners of the box, and places beyond it.
    yield from [("72.004", "0.8293"), ("137.8347", "55.8271"), ("72.004", "55.8271"), ("137.8347", "0.8293")]
    yield from [("72.0039", "30"), ("2.3522", "48.8566"), ("-74.006", "40.7128"), ("151.2093", "-33.8688"), ("0", "0")]
    rnd = random.Random(20261122)
    for _ in range(150):
        yield "%.7f" % rnd.uniform(73.5, 135), "%.7f" % rnd.uniform(3.5, 53.5)


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "shifted.tsv"), "w") as f:
    f.write("# lon\tlat\tgcj02 x\tgcj02 y\tbd09 x\tbd09 y: degrees, 40 digits rounded to 17. testdata/shifted.py\n")
    for a, b in places():
        lon, lat = mpf(a), mpf(b)
        g = d = (lon, lat)
        if mpf("72.004") <= lon <= mpf("137.8347") and mpf("0.8293") <= lat <= mpf("55.8271"):
            g = gcj(lon, lat)
            d = bd(*g)
        f.write("\t".join([a, b, *(nstr(v, 17) for v in (*g, *d))]) + "\n")
