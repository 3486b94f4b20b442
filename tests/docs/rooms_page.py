"""The rooms of docs/design.md are those of CMakeLists.txt, and may use what those may."""
import re
import sys

from pages import text_of

LIBRARIES = {"mpi": "MPI", "hdf5": "HDF5", "yaml": "libyaml", "blas": "OpenBLAS", "onednn": "oneDNN"}
ROW = re.compile(r"^\| (?!room )([a-z]+) \| [^|]+ \|([^|]*)\|$", re.M)


def main():
    declared, wrong = {}, []
    for words in re.findall(r"^sld_add_room\(([^)]*)\)", text_of("CMakeLists.txt"), re.M):
        room, *rest = words.split()
        uses = [LIBRARIES.get(w, w) for w in rest if w not in ("USES", "LIBS", "base")]
        declared[room] = sorted(uses)
    section = text_of("docs/design.md").split("## Rooms")[1].split("\n## ")[0]
    told = {room: sorted(u for u in re.split(r",\s*", uses.strip()) if u) for room, uses in ROW.findall(section)}
    if told.pop("cli", None) != ["all"]:
        wrong.append("cli: expected the row's last column to be: all")
    for room in sorted(set(declared) | set(told)):
        if room not in told:
            wrong.append("%s: a room of CMakeLists.txt without a row; add: | %s | what it holds | %s |"
                         % (room, room, ", ".join(declared[room])))
        elif room not in declared:
            wrong.append("%s: a row, but no room of CMakeLists.txt; remove it" % room)
        elif told[room] != declared[room]:
            wrong.append("%s: expected %s as CMakeLists.txt has it, got %s"
                         % (room, ", ".join(declared[room]), ", ".join(told[room])))
    print("docs/design.md, \"Rooms\": %d rooms, %d wrong" % (len(declared), len(wrong)))
    print("\n".join(wrong))
    sys.exit(1 if wrong or not declared else 0)


main()
