#!/usr/bin/env bash
# Writes gausskruger.tsv: places in every Gauss–Krüger zone of CGCS2000 and their coordinates by gdaltransform. The
# places are fixed, so that another version of GDAL can be compared by `git diff`. Needs gdal-bin and awk.
set -euo pipefail
cd "$(dirname "$0")"

places() { # places LON0 HALF_WIDTH REACH: axis and edges of the zone, limits of use, and some places between
  awk -v lon0="$1" -v half="$2" -v reach="$3" 'BEGIN {
    split("0 3 21.5 39.9042 53.5609 60", lats, " ")
    for (i = 1; i <= 6; i++) printf "%.7f %.7f\n", lon0, lats[i]
    for (i = 2; i <= 5; i++) { printf "%.7f %.7f\n", lon0 - half, lats[i]; printf "%.7f %.7f\n", lon0 + half, lats[i] }
    for (i = 1; i <= 6; i += 5) { printf "%.7f %.7f\n", lon0 - reach, lats[i]; printf "%.7f %.7f\n", lon0 + reach, lats[i] }
    seed = lon0
    for (i = 0; i < 4; i++) {
      seed = (seed * 7919 + 104729) % 1000003; x = seed / 1000003
      seed = (seed * 7919 + 104729) % 1000003; y = seed / 1000003
      printf "%.7f %.7f\n", lon0 + half * (2 * x - 1), 18 + 36 * y
    }
  }'
}

zone() { # zone CODE LON0 HALF_WIDTH REACH
  paste <(places "$2" "$3" "$4") <(places "$2" "$3" "$4" | gdaltransform -s_srs EPSG:4490 -t_srs "EPSG:$1" -output_xy) |
    tr ' ' '\t' | sed "s/^/$1\t/"
}

{
  echo "# code	lon	lat	east	north: degrees of EPSG:4490 and metres of EPSG:<code>"
  echo "# $(gdaltransform --version): testdata/generate.sh"
  for n in $(seq 13 23); do zone $((4478 + n)) $((6 * n - 3)) 3 4; done
  for n in $(seq 13 23); do zone $((4489 + n)) $((6 * n - 3)) 3 4; done
  for n in $(seq 25 45); do zone $((4488 + n)) $((3 * n)) 1.5 3; done
  for n in $(seq 25 45); do zone $((4509 + n)) $((3 * n)) 1.5 3; done
} >gausskruger.tsv
