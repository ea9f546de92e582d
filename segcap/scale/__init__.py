"""Reading past one machine: batches of Ray Data, partitions of Dask.

Both engines are installed by `pip install "segcap[scale]"`; they give each worker one thread, which
networks keep to, and read the images of a worker that died again.
"""

from segcap.scale.batches import Reader, read_bag

__all__ = ["Reader", "read_bag"]
