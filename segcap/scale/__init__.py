"""Reading past one machine: workers, batches of Ray Data, partitions of Dask.

Dask and Ray are installed by `pip install "segcap[scale]"`; they give each worker one thread, which
networks keep to, and read the images of a worker that died again.
"""

from segcap.scale.batches import Reader, read_bag
from segcap.scale.engines import workers

__all__ = ["Reader", "read_bag", "workers"]
