#!/usr/bin/env python3
"""Writes lines.tsv and areas.tsv with GeodSolve and Planimeter (GeographicLib; package geographiclib-tools), and
small.tsv with mpmath.

GeographicLib keeps about 0.01 m² in each edge, which is too coarse for parcels. small.tsv is therefore made of the
same integrals with 40 digits and another way of solving them. The program checks that against Planimeter first.
"""
import math
import os
import random
import subprocess

from mpmath import atan2, cos, findroot, mp, mpf, nstr, pi, quad, sin, sqrt, atanh, tan

mp.dps = 40
here = os.path.dirname(os.path.abspath(__file__))
rnd = random.Random(20261125)


def run(tool, args, text):
    return subprocess.run([tool, *args], input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def version(tool):
    return subprocess.run([tool, "--version"], capture_output=True, text=True).stdout.strip().split(": ")[-1]


def place():
    return round(rnd.uniform(-180, 180), 7), round(math.degrees(math.asin(rnd.uniform(-1, 1))), 7)


def near(lon, lat, metres):
    a, d = rnd.uniform(0, 2 * math.pi), metres / 111200
    lat2 = max(-90, min(90, lat + d * math.cos(a)))
    return round(max(-180, min(180, lon + d * math.sin(a) / max(0.01, math.cos(math.radians(lat))))), 7), round(lat2, 7)


def lines():
    for metres in (0.02, 0.5, 3, 20, 100, 1e3, 9e3, 9.9e3, 10.1e3, 12e3, 50e3, 2e5, 9e5):
        for _ in range(12):
            p = place()
            yield p, near(*p, metres)
    for _ in range(60):
        yield place(), place()
    for _ in range(40):  # nearly opposite
        lon, lat = place()
        yield (lon, lat), (round((lon + 360) % 360 - 180 + rnd.uniform(-0.5, 0.5), 7) % 180, round(-lat + rnd.uniform(-0.5, 0.5), 7))
    yield (0, 0), (1, 0)
    yield (0, 0), (179, 0)
    yield (0, 0), (179.5, 0)
    yield (0, 0), (180, 0)
    yield (10, 90), (20, 30)
    yield (10, -90), (20, -89.9999)
    yield (0, -90), (0, 90)
    yield (30, 40), (30, 50)
    yield (30, 40), (-150, 50)
    yield (-179.95, 10), (179.95, 10.1)
    yield (105, 35), (105, 35)


with open(os.path.join(here, "lines.tsv"), "w") as f:
    f.write("# lon1\tlat1\tlon2\tlat2\tmetres: %s -i -p 9\n" % version("GeodSolve"))
    pairs = [(a, b) for a, b in lines() if abs(b[0]) <= 180 and abs(b[1]) <= 90]
    text = "".join("%.7f %.7f %.7f %.7f\n" % (a[1], a[0], b[1], b[0]) for a, b in pairs)
    for (a, b), out in zip(pairs, run("GeodSolve", ["-i", "-p", "9"], text)):
        f.write("%.7f\t%.7f\t%.7f\t%.7f\t%s\n" % (*a, *b, out.split()[2]))


def star(lon, lat, metres, n):
    ring = []
    for i in range(n):
        a, d = 2 * math.pi * (i + rnd.uniform(0, 0.8)) / n, metres / 111200 * rnd.uniform(0.3, 1)
        ring.append((round(lon + d * math.cos(a) / math.cos(math.radians(lat)), 7), round(lat + d * math.sin(a), 7)))
    return ring


def planimeter(ring):
    text = "".join("%.7f %.7f\n" % (y, x) for x, y in ring)
    return abs(float(run("Planimeter", ["-p", "9"], text)[0].split()[2]))


def text_of(ring):
    return ",".join("%.7f %.7f" % p for p in ring)


with open(os.path.join(here, "areas.tsv"), "w") as f:
    f.write("# m²\tring, lon lat,…: %s -p 9\n" % version("Planimeter"))
    rings = [star(rnd.uniform(-170, 170), lat, metres, n)
             for metres in (3e3, 12e3, 4e4, 2e5, 1e6) for lat in (-62, -21, 0.1, 18, 31, 45, 53) for n in (4, 9, 40)]
    rings += [[(0, 60), (90, 60), (179, 60), (-90, 60)][:3], [(110, 20), (120, 20), (120, 50), (110, 50)],
              [(0, 0), (60, 0), (60, 85), (0, 85)], [(10, 0), (100, 0), (20, 90)]]
    for ring in rings:
        f.write("%.9f\t%s\n" % (planimeter(ring), text_of(ring)))

# The ellipsoid with 40 digits.
a, fl = mpf(6378137), 1 / mpf("298.257223563")
e2 = fl * (2 - fl)
e = sqrt(e2)


def ordinate(s):
    return a * a / 2 * (1 - e2) * (s / (1 - e2 * s * s) + atanh(e * s) / e)


def below(p, q):
    """The area under the geodesic from p to q, by its azimuth as unknown."""
    (x1, y1), (x2, y2) = [(mpf("%.7f" % x) * pi / 180, mpf("%.7f" % y) * pi / 180) for x, y in (p, q)]
    if x1 == x2:
        return mpf(0)
    b1, b2 = (atan2((1 - fl) * tan(y), 1) for y in (y1, y2))
    def lam(s0, c0, s1, s2):
        return quad(lambda s: sqrt(1 - e2 * (1 - (c0 * sin(s)) ** 2)) * s0 / (1 - (c0 * sin(s)) ** 2), [s1, s2])

    d = abs(x2 - x1)
    # Unknowns α1 and σ2: latitude and longitude of the end.
    w = sqrt(1 - e2 * cos(b1) ** 2)
    east, north = cos(b1) * d / w, b2 - b1
    guess = atan2(east, north)

    def miss(alpha, arc):
        s0 = sin(alpha) * cos(b1)
        c0 = sqrt(1 - s0 * s0)
        s1 = atan2(sin(b1), cos(alpha) * cos(b1))
        return [(c0 * sin(s1 + arc) - sin(b2)) / cos(b2), lam(s0, c0, s1, s1 + arc) - d]

    alpha, arc = findroot(miss, (guess, sqrt(east**2 + north**2)), tol=1e-60, maxsteps=30)
    s0 = sin(alpha) * cos(b1)
    c0 = sqrt(1 - s0 * s0)
    s1 = atan2(sin(b1), cos(alpha) * cos(b1))

    def f(s):
        sb = c0 * sin(s)
        cb2 = 1 - sb * sb
        sphi = sb / sqrt(sb * sb + (1 - fl) ** 2 * cb2)
        return ordinate(sphi) * sqrt(1 - e2 * cb2) * s0 / cb2

    return quad(f, [s1, s1 + arc]) * (1 if x2 > x1 else -1)


def exact(ring):
    return abs(sum(below(p, q) for p, q in zip(ring, ring[1:] + ring[:1])))


check = star(116.4, 39.9, 3e4, 5)
assert abs(exact(check) - planimeter(check)) < 0.5, (exact(check), planimeter(check))

with open(os.path.join(here, "small.tsv"), "w") as f:
    f.write("# m²\tring, lon lat,…: mpmath, 40 digits\n")
    for metres in (3, 30, 150, 900, 5e3):
        for lat in (-35, 0.001, 22, 31, 40, 53, 70):
            ring = star(rnd.uniform(70, 135), lat, metres, 6)
            f.write("%s\t%s\n" % (nstr(exact(ring), 17), text_of(ring)))
