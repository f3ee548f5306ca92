"""Open an image in napari from a script, without the browser.

    python open_in_napari.py IMAGE_ID [SERVER]

The arrays are lazy and wait when they are read: what is computed on them is true.
"""

import sys

import napari

from napari_idr import IDRClient


def add_image(viewer: napari.Viewer, client: IDRClient, image_id: int) -> None:
    pixels = client.pixels(image_id)
    image, levels = pixels.image, list(pixels.levels)
    z, y, x = (size or 1.0 for size in pixels.physical_size)
    known = image.pixel_size_x_um is not None
    viewer.add_image(
        levels if len(levels) > 1 else levels[0],
        multiscale=len(levels) > 1,
        channel_axis=1,
        name=[f"{channel.name} [{pixels.source}]" for channel in image.channels],
        colormap=[f"#{channel.color}" for channel in image.channels],
        scale=(1.0, z, y, x),
        units=("pixel", *["um" if known else "pixel"] * 3),
        axis_labels=("t", "z", "y", "x"),
    )


def main(image_id: int, server: str = "idr.openmicroscopy.org") -> None:
    viewer = napari.Viewer()
    with IDRClient(server) as client:
        add_image(viewer, client, image_id)
        napari.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
