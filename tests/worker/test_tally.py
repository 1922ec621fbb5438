from __future__ import annotations

import threading

from pensieve.core.generation import Chunk, Finish, Prefill
from pensieve.worker.tally import Tally


def test_jobs_count_from_their_first_word_to_their_last() -> None:
    tally = Tally()
    assert tally.taken() == (0, 0.0)
    for job in (1, 2):
        tally.count(job, Chunk(prefill=Prefill(9, 0, 0)))
    tally.count(1, Chunk(text="abc", ids=(1, 2), missing=1))
    tally.count(2, Chunk(ids=(3,), finish=Finish("end")))
    jobs, rate = tally.taken()
    assert jobs == 1 and rate > 0
    assert tally.taken() == (1, 0.0)


def test_no_token_is_lost_between_threads() -> None:
    tally = Tally()

    def write(job: int) -> None:
        for _ in range(2000):
            tally.count(job, Chunk(text="a", ids=(1,)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally._tokens == 8000
