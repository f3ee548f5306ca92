"""Save the thumbnails of one field of a plate as one PNG, without napari.

python picture_of_a_plate.py PLATE_ID plate.png [SERVER]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from napari_idr import IDRClient, IDRError

PITCH_PX = 100  # thumbnails are 96 px wide, or high


def main(plate_id: int, path: Path, server: str = "idr.openmicroscopy.org") -> None:
    with IDRClient(server) as client:
        grid = client.plate_grid(plate_id)
        rows, columns = len(grid.row_labels), len(grid.column_labels)
        canvas = np.zeros((rows * PITCH_PX, columns * PITCH_PX, 3), np.uint8)
        corners = {c.image_id: (c.row * PITCH_PX, c.column * PITCH_PX) for c in grid}
        for image_id, found in client.thumbnails(corners):
            if isinstance(found, IDRError):
                print(found, file=sys.stderr)
                continue
            (y, x), (height, width) = corners[image_id], found.shape[:2]
            canvas[y : y + height, x : x + width] = found
    Image.fromarray(canvas).save(path)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
