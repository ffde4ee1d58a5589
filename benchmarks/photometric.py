"""Speed of photometric stereo: million pixels per second for four lights, and for three.

Run with ``python benchmarks/photometric.py``; wanted are 20 for four lights on two cores. The
plain pseudo-inverse in one numpy expression is the peer, timed in the same run.
"""

from __future__ import annotations

import time

import numpy as np

from foilseg.data.photometric import estimate_normals, line_lights, render


def plain(intensities: np.ndarray, lights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eq. 3.1 as printed, without care for shadows."""
    scaled = np.tensordot(np.linalg.pinv(lights).astype(np.float32), intensities, 1)
    albedo = np.linalg.norm(scaled, axis=0)
    return scaled / albedo, albedo


def scene(lights: np.ndarray, steep: float, size: int = 2000) -> np.ndarray:
    """Intensities of a random surface; ``steep`` slopes put points into attached shadow."""
    rng = np.random.default_rng(0)
    slopes = rng.standard_normal((2, size, size), dtype=np.float32) * np.float32(steep)
    normals = np.concatenate([slopes, np.ones((1, size, size), np.float32)])
    normals /= np.sqrt((normals**2).sum(0))
    return render(normals, np.full((size, size), 0.5, np.float32), lights)


def best(function, *arguments, repeats: int = 5) -> float:
    """Seconds of the fastest of a few calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print one line a case."""
    for n, steep in ((4, 0.1), (4, 0.5), (3, 0.1)):
        lights = line_lights(n)
        pictures = scene(lights, steep)
        pixels = pictures[0].size / 1e6
        dark = (pictures == 0).any(0).mean()
        ours, peer = best(estimate_normals, pictures, lights), best(plain, pictures, lights)
        eight = best(estimate_normals, np.rint(pictures * 255).astype(np.uint8), lights)
        print(
            f"{n} lights, {100 * dark:4.1f} % of points in shadow: {pixels / ours:5.1f} Mpx/s "
            f"(8 bit {pixels / eight:5.1f}), plain expression {pixels / peer:5.1f}, "
            f"ratio {peer / ours:.2f}"
        )


if __name__ == "__main__":
    main()
