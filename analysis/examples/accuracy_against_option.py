"""Accuracy against an option that varies, such as kd.temperatures, all else alike. accuracy_against_option.py STUDY OPTION"""
import sys
import pandas
from sld_analysis import cells, open as open_study, options, tables
if len(sys.argv) != 3:
    sys.exit(__doc__)
study, option = open_study(sys.argv[1]), sys.argv[2]
if option not in study.varying():
    sys.exit("options that vary: " + ", ".join(study.varying()))
work = tables.Work(study)
found = cells.compare(work, [a for a, o in work.layout.options.items() if options.lives(option, o)], [option])
rows = {str(v[0]): pandas.Series([x for cell in by_cell.values() for x in cell]) for v, by_cell in found.values.items()}
print(pandas.DataFrame(rows).agg(["count", "mean", "std"]).T.round(2).to_string() if found.n else "no trials differ in %s alone" % option)
print("these differ in more: " + ", ".join(found.apart) if found.apart else "all else alike; trials left out: %d" % found.unused)
