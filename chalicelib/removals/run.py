"""The steps of a removal, its undo or a release: the count before, pages of signatures, the count after.

A step may run twice: each signature is changed once (signatures/remove.py), and the tally counts each change.
"""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.jobs.request import replace_in_ended
from chalicelib.jobs.run import JobKind
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.removals import record_removal
from chalicelib.removals.model import Removal, RemovalAction
from chalicelib.removals.survey import add_to, add_to_sample, numbers_only, without_rare
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.signatures.remove import put_back, release, remove
from chalicelib.signatures.walk import read_for_sifting
from chalicelib.tallies.count import exact_count

# Signatures and seconds of a step: each is a transaction of about 15 ms.
PAGE_SIZE = 500
PAGE_SECONDS = 120
COUNT_SECONDS = 20


@dataclass(frozen=True)
class RemovalWork:
    clock: Clock
    tables: Tables

    def next_step(self, job: Removal) -> Step[Removal]:
        if job.confirmed_before is None:
            return Step(COUNT_SECONDS, lambda: job.model_copy(update={"confirmed_before": self._count(job)}))
        if job.bucket < len(keys.BUCKETS):
            return Step(PAGE_SECONDS, lambda: self._sift_page(job))
        return Step(COUNT_SECONDS, lambda: self._end(job))

    def tidy(self, job: Removal) -> None:
        """Say in public what was removed, also if the job was cancelled or failed. Forget what can tell who signed."""
        self._publish(job)
        kept = {"effect": without_rare(job.effect), "sample": numbers_only(job.sample)}
        replace_in_ended(job, kept, self.tables)

    def _count(self, job: Removal) -> int:
        return exact_count(petition_as_stored(job.slug, self.tables), self.clock(), self.tables).confirmed

    def _end(self, job: Removal) -> Removal:
        before = job.confirmed_before or 0
        after = before - job.counted if job.action is RemovalAction.TRY else self._count(job)
        return job.in_end_state(JobState.DONE, confirmed_after=after)

    def _sift_page(self, job: Removal) -> Removal:
        petition, now = petition_as_stored(job.slug, self.tables), self.clock()
        found, last = read_for_sifting(job.slug, keys.BUCKETS[job.bucket], job.after, PAGE_SIZE, self.tables)
        effect, sample = deepcopy(job.effect), deepcopy(job.sample)
        processed, counted = job.processed, job.counted
        for key, stored in found:
            signature = stored if petition.is_kept_at(now) else stored.without_personal_data
            if job.action is RemovalAction.TRY and signature.state is not SignatureState.REMOVED:
                add_to_sample(sample, signature)
            if self._takes(job, key, signature, petition, now):
                add_to(effect, signature)
                processed += 1
                counted += (signature.removed_from or signature.state) is SignatureState.CONFIRMED
        self._publish(job)
        cursor = {"after": "", "bucket": job.bucket + 1} if last is None else {"after": last}
        changes = {**cursor, "processed": processed, "counted": counted, "effect": effect, "sample": sample}
        return job.model_copy(update=changes)

    def _takes(self, job: Removal, key: Key, signature: Signature, petition: Petition, now: datetime) -> bool:
        """Do to the signature what the job does. Return whether it did, now or in an earlier run of this step."""

        def fits(found: Signature) -> bool:
            return job.condition.fits(key.sk, found)

        if job.action is RemovalAction.TRY:
            return signature.state is not SignatureState.REMOVED and fits(signature)
        if job.action is RemovalAction.UNDO:
            return put_back(key, signature, job.removal, petition, now, self.tables)
        if not fits(signature):
            return False
        if job.action is RemovalAction.RELEASE:
            return release(key, signature, fits, petition, now, self.tables)
        is_done = signature.state is SignatureState.REMOVED and signature.removal == job.removal
        return is_done or remove(key, signature, fits, job.removal, petition, now, self.tables)

    def _publish(self, job: Removal) -> None:
        if job.action in (RemovalAction.REMOVE, RemovalAction.UNDO):
            record_removal(job.slug, job.removal, job.reason, job.requested_at, self.clock(), self.tables)


KIND = JobKind(Removal, lambda _, context: RemovalWork(context.clock, context.tables))
