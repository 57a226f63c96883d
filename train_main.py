"""Train a model of the zoo; the same as `vaezoo train`.

python train_main.py --model=nonsyn
python train_main.py --preset=beta_vae_dsprites --set beta=8 --steps=20000
"""

import sys

from vaezoo.cli.main import run

if __name__ == "__main__":
    run("train", "train_main.py", sys.argv[1:])
