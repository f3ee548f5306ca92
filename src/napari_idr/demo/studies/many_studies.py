"""A world of many small studies with images of one gene, as a search finds them."""

from napari_idr.demo.studies.builder import ACQUIRED_S, Builder, treatment_maps
from napari_idr.demo.studies.genes import CDC20
from napari_idr.demo.studies.stains import DAPI
from napari_idr.demo.world import Dataset, Image, Project, World

FIRST_STUDY_ID, FIRST_DATASET_ID, FIRST_IMAGE_ID = 5001, 6001, 100_001


def many_studies(studies: int = 12, images: int = 1000) -> World:
    """Return a world of so many projects, whose images all have the gene CDC20.

    The images are spread evenly; those with neighbouring numbers are in different
    studies, as in an archive that grew.

    >>> world = many_studies(studies=3, images=7)
    >>> [len(dataset.image_ids) for dataset in world.datasets.values()]
    [3, 2, 2]
    """
    builder = Builder()
    for n in range(studies):
        numbers = range(FIRST_IMAGE_ID + n, FIRST_IMAGE_ID + images, studies)
        dataset_id, study_id = FIRST_DATASET_ID + n, FIRST_STUDY_ID + n
        builder.projects[study_id] = Project(
            id=study_id,
            name=f"idr{920 + n:04}-demo-many/experiment{chr(ord('A') + n % 26)}",
            description="Experiment Description\nOne gene, again.",
            dataset_ids=(dataset_id,),
        )
        builder.datasets[dataset_id] = Dataset(
            id=dataset_id,
            project_id=study_id,
            name=f"knock-downs {n + 1}",
            image_ids=tuple(numbers),
        )
        maps = [
            builder.pairs("many", ns, pairs)
            for ns, pairs in treatment_maps(CDC20, "gene")
        ]
        for number in numbers:
            builder.images[number] = Image(
                id=number,
                name=f"knock-down CDC20 #{number}",
                size_x=96,
                size_y=72,
                channels=(DAPI,),
                parent=("dataset", dataset_id),
                acquired_s=ACQUIRED_S + number,
                imported_s=ACQUIRED_S + number,
            )
            builder.attach("image", number, *maps)
    return builder.world(page_size=500)
