"""An entry of the manifest that no training has made."""

from vaezoo.pretrained.manifest import TrainedModel

TRAINED = TrainedModel(
    version=2,
    model="nonsyn",
    steps=30_000,
    images=3_840_000,
    seed=7,
    precision="bfloat16",
    commit=None,
    packages={"tensorflow": "2.21.0"},
    data={"origin": "drawn in process"},
    settings={},
    scores={"mig": {"mig": 0.31234, "mig_low": 0.3, "mig_high": 0.32}, "sap": {"sap": 0.07, "sap_train": None}},
    evaluation={"split": "train", "images": 5_000, "of": 737_280, "seed": 0, "confidence": 0.95},
    check={},
    bytes=2_200_000,
    files={},
)
