"""GEOS as a peer. It reads cells as lines of parent, tab and polygon, with an empty line behind the last; then it answers
every line with how many areas the union into parents has, what they cover, and the seconds of CPU that GEOS took."""
import ctypes
import sys
import time

geos = ctypes.CDLL("libgeos_c.so.1")
pointer, number = ctypes.c_void_p, ctypes.c_int


def function(name, result, *arguments):
    f = getattr(geos, name)
    f.restype, f.argtypes = result, arguments
    return f


handle = function("GEOS_init_r", pointer)()
read = function("GEOSWKTReader_read_r", pointer, pointer, pointer, ctypes.c_char_p)
reader = function("GEOSWKTReader_create_r", pointer, pointer)(handle)
collect = function("GEOSGeom_createCollection_r", pointer, pointer, number, ctypes.POINTER(pointer), ctypes.c_uint)
union = function("GEOSCoverageUnion_r", pointer, pointer, pointer)
measure = function("GEOSArea_r", number, pointer, pointer, ctypes.POINTER(ctypes.c_double))
free = function("GEOSGeom_destroy_r", None, pointer, pointer)
version = function("GEOSversion", ctypes.c_char_p)().decode()


def collection(geometries):
    return collect(handle, 7, (pointer * len(geometries))(*geometries), len(geometries))


groups = {}
for line in sys.stdin:
    if line == "\n":
        break
    parent, text = line.rstrip("\n").split("\t")
    polygon = read(handle, reader, text.encode())
    if not polygon:
        sys.exit("GEOS cannot read " + text)
    groups.setdefault(parent, []).append(polygon)
groups = [collection(g) for g in groups.values()]
print(version, flush=True)
for line in sys.stdin:
    before = time.process_time()
    unions = [union(handle, g) for g in groups]
    took = time.process_time() - before
    total, area = 0.0, ctypes.c_double()
    for u in unions:
        if not u or not measure(handle, u, area):
            sys.exit("GEOS gives no union")
        total += area.value
        free(handle, u)
    print(len(unions), total, took, flush=True)
