"""Make customers.csv: a made-up customer file for the real buyers of the CDNOW log.

    python examples/data/make_customers.py

The log has numbers and no people, so names and addresses are invented here, the same at every
run. The addresses are on domains that can never exist (RFC 2606). A few rows are spoilt on
purpose, as rows of real customer files are.
"""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
FIRST = """
Ada Alan Alice Amir Ana Anna Ben Boris Carla Chen Clara Daniel Daria Diego Elena Emil Emma Eva Felix Finn
Fatima George Grace Hana Hugo Ida Igor Ines Ivan Jan Jane Jonas Julia Kaito Karim Kate Lara Lea Leo Lina Luca
Maja Marc Maria Max Mia Mila Nina Noah Nora Olga Oscar Otto Pablo Paula Petra Priya Rosa Sam Sara Sofia Tariq
Tom Vera Yuki Zoe
""".split()
LAST = """
Adler Baker Berg Brown Costa Cruz Danek Diaz Eriksen Evans Farah Fischer Garcia Gruber Haas Hill Ito Ivanova
Jensen Jones Kaya Keller Khan Kim Klein Kowalski Lang Lee Lopez Maier Marin Mori Nagy Novak Okafor Olsen
Orlova Park Patel Petrov Quinn Ramos Reyes Rossi Sato Schmidt Silva Singh Smith Sokolov Suzuki Tan Torres
Varga Vogel Wang Weber Wolf Young
""".split()
PROVIDERS = (
    ("gmail.example", 42), ("outlook.example", 18), ("yahoo.example", 12),
    ("mailru.example", 10), ("yandex.example", 8), ("example.org", 10),
)  # fmt: skip


def main() -> None:
    lines = (HERE / "cdnow_sample.txt").read_text(encoding="ascii").splitlines()
    buyers = list(dict.fromkeys(line.split()[1] for line in lines))
    lot = Random(1997)
    hosts, weights = zip(*PROVIDERS, strict=True)
    rows = []
    for buyer in buyers:
        first, last = lot.choice(FIRST), lot.choice(LAST)
        host = lot.choices(hosts, weights)[0]
        rows.append(
            [
                buyer,
                f"{first} {last}",
                f"{first}.{last}.{buyer}@{host}".lower(),
                lot.choice(["Pop", "Jazz", "Classical", "Rock"]),
            ]
        )
    rows[40][2] = rows[40][2].replace("@", " at ")
    rows[700][2] = rows[700][2].replace("@", "@@")
    rows[1500][2] = rows[1500][2].replace(".example", "").replace(".org", "")
    rows[2000][1] = ""
    rows.insert(120, [rows[90][0], rows[90][1], rows[90][2].upper(), rows[90][3]])
    rows.insert(1800, list(rows[1750]))
    with (HERE / "customers.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Customer", "Name", "E-mail", "Favourite genre"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
