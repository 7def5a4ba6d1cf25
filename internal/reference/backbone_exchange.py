"""Weights of other projects as the image encoder, against plip. Needs torch, torchvision, safetensors, pyarrow and Pillow;
run by hand:

    python3 backbone_exchange.py write DIR      # torchvision.pth, moco2.pth.tar, moco3.pth.tar, clip.pt (TorchScript), random
    plip pretrain --visual.form resnet --visual.weights DIR/torchvision.pth ... --max-steps 1 -o DIR/model
    plip embed --model DIR/model --images DIR/images -o DIR/images.parquet --precision fp32
    python3 backbone_exchange.py compare DIR    # torchvision's network computes the same from the checkpoint's weights
"""

import pathlib
import sys

import numpy as np
import pyarrow.parquet as pq
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch import nn

MEAN, STD = (0.357, 0.323, 0.328), (0.252, 0.242, 0.239)


def write(folder):
    from release_model import ImageEncoder

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images").mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    for i in range(3):
        Image.fromarray(rng.integers(0, 256, (16, 8, 3), dtype=np.uint8)).resize((128, 256), Image.BICUBIC).save(folder / "images" / f"{i}.png")
    torch.manual_seed(5)
    state = torchvision.models.resnet50(weights=None).state_dict()
    torch.save(state, folder / "torchvision.pth")
    trunk = {k: v for k, v in state.items() if not k.startswith("fc.")}
    head = {"fc.0.weight": torch.randn(2048, 2048), "fc.0.bias": torch.randn(2048)}
    wrap = lambda prefix, tensors: {f"module.{prefix}.{k}": v for k, v in tensors.items()}
    torch.save({"epoch": 200, "arch": "resnet50", "state_dict": wrap("encoder_q", trunk | head) | wrap("encoder_k", trunk | head) | {"module.queue": torch.randn(8, 4)},
                "optimizer": {"state": {}, "param_groups": [{"lr": 0.03}]}}, folder / "moco2.pth.tar")
    torch.save({"epoch": 300, "arch": "resnet50", "state_dict": wrap("base_encoder", trunk | head) | wrap("momentum_encoder", trunk | head)}, folder / "moco3.pth.tar")

    class CLIP(nn.Module):  # the parts that a reader of names sees: the image encoder below "visual.", at CLIP's own size
        def __init__(self):
            super().__init__()
            self.visual = ImageEncoder(height=224, px=224, dim=1024, heads=32)
            self.logit_scale = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            return self.visual(x) * self.logit_scale.exp()

    torch.jit.save(torch.jit.trace(CLIP().eval(), torch.zeros(1, 3, 224, 224), check_trace=False), folder / "clip.pt")
    print(*sorted(p.name for p in folder.iterdir()))


def compare(folder):
    held = load_file(next((folder / "model").glob("step-*")) / "model.safetensors")
    visual = {k.removeprefix("visual."): v for k, v in held.items() if k.startswith("visual.")}
    model = torchvision.models.resnet50(weights=None)
    model.avgpool, model.fc = nn.AdaptiveMaxPool2d(1), nn.Linear(2048, visual["proj.weight"].shape[0])
    model.load_state_dict({("fc." + k.removeprefix("proj.") if k.startswith("proj.") else k): v for k, v in visual.items()}, strict=True)
    model.eval()
    table = pq.read_table(folder / "images.parquet")
    got = np.stack([np.asarray(x) for x in table["embedding"].to_pylist()])
    rgb = np.stack([np.asarray(Image.open(folder / "images" / pathlib.PurePath(k).name)) for k in table["key"].to_pylist()])
    x = ((torch.from_numpy(rgb).float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)).permute(0, 3, 1, 2)
    with torch.no_grad():
        want = model(x).numpy()
    error = np.abs(want - got).max() / np.abs(want).max()
    print(f"largest difference {error:.2e} of the largest value, want 1e-04 or less")
    return error <= 1e-4


done = {"write": write, "compare": compare}[sys.argv[1]](pathlib.Path(sys.argv[2]))
sys.exit(0 if done in (True, None) else 1)
