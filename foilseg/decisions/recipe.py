"""The recommended recipe beside the models of the study that it was judged beside, by objects."""

from __future__ import annotations

from dataclasses import replace

from foilseg.analysis import remedies
from foilseg.analysis.records import Record
from foilseg.analysis.trainings import Compared
from foilseg.decisions import compared as compared_objects
from foilseg.decisions import objects
from foilseg.decisions.compared import Objects
from foilseg.decisions.objects import Rule
from foilseg.studies import variants
from foilseg.studies.study import Study
from foilseg.training import experiments


def with_recommended(
    study: Study, found: Objects, compared: Compared, rule: Rule | None = None
) -> Objects:
    """The same with the recommended recipe, where the study is the one it was judged beside."""
    record = remedies.shipped().get(remedies.BEYOND)
    title = experiments.experiment("recommended").title
    if study.shipped is None or study.name != variants.BASE or study.seed or record is None:
        return found
    if title not in record.titles.values():
        return found
    return beside(study, found, compared, record, title, rule or Rule())


def beside(
    study: Study, found: Objects, compared: Compared, record: Record, title: str, rule: Rule
) -> Objects:
    """The same with a model of a shipped record, which brings what its networks gave."""
    sides = [dict(found.chosen), dict(found.judged)]
    for place, there in enumerate((False, compared.tested is not None)):
        shown = (
            [f.name for f in compared_objects.pictures(study, there)],
            compared.defects,
            compared.against,
        )
        sides[place][title] = [
            objects.counts(*compared_objects.read(study, runs, there), rule, *shown)
            for runs in record.runs_of(title)
        ]
    return replace(found, chosen=sides[0], judged=sides[1])
