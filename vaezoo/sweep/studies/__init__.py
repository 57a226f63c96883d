"""The studies that vaezoo ships: a module for each paper."""

from vaezoo.sweep.studies import imae, locatello_2019, nonsyn, quick
from vaezoo.sweep.study import Study

STUDIES: dict[str, Study] = {
    study.name: study for study in (quick.QUICK, nonsyn.SYNERGY, imae.MNIST, imae.DSPRITES, locatello_2019.DSPRITES)
}

__all__ = ["STUDIES"]
