"""What is done by the clock: erasing what is due, the daily look at every target, and the looks at registries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_SCHEDULER_SHUTDOWN
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from integrator.engine.leading import RENEW, Leader
from integrator.errors import IntegratorError, Refused, RetryLater
from integrator.line import Line
from integrator.store import journal, messages
from integrator.telemetry.logs import logger
from integrator.watching import RegistryWatch, watches

log = logger(part="clockwork")


def erase_due(line: Line) -> int:
    """Erases the bodies of unwanted messages whose time has come; the journal keeps the count."""
    now = line.clock.now()
    with line.store.write() as tx:
        count = messages.erase_due(tx, now)
        if count:
            journal.write(tx, now, "clockwork", "bodies erased", detail={"count": count})
    return count


def reconcile_all(line: Line) -> None:
    """Asks every target what it holds; one that cannot answer is asked again tomorrow, and its rows say so."""
    for target in line.settings.target:
        try:
            line.reconcile(target.name)
        except IntegratorError as away:
            log.warning("not reconciled", target=target.name, reason=str(away))


def look_at_registry(watch: RegistryWatch, scheduler: BackgroundScheduler, wake: Callable[[], None]) -> None:
    """Looks at a registry; one that is away is looked at again when it asked for it, a refusal waits for a person."""
    try:
        watch.look()
    except RetryLater as later:
        log.warning("the registry is put off", source=watch.source.name, reason=str(later))
        again = datetime.now(UTC) + timedelta(seconds=later.after or 60)
        job = f"registry {watch.source.name} again"
        args = [watch, scheduler, wake]
        scheduler.add_job(look_at_registry, DateTrigger(again), args, id=job, replace_existing=True)
    except Refused as refused:
        log.warning("the registry refuses", source=watch.source.name, reason=str(refused))
    wake()


def start_clockwork(line: Line, wake: Callable[[], None] = lambda: None) -> BackgroundScheduler:
    """Starts the scheduler: memory job store, missed runs are made up once, no job runs beside itself, and of several
    processes only the leader runs any.

    `wake` says that there may be messages to read.
    """
    hour, _, minute = line.settings.line.reconcile_at.partition(":")
    zone = ZoneInfo(line.settings.integrator.zone)
    scheduler = BackgroundScheduler(timezone=zone, job_defaults={"coalesce": True, "max_instances": 1})
    leader = Leader(line)
    scheduler.add_job(leader.leads, IntervalTrigger(seconds=int(RENEW.total_seconds())))
    scheduler.add_listener(lambda _: leader.give_back(), EVENT_SCHEDULER_SHUTDOWN)
    scheduler.add_job(leader.only(erase_due), IntervalTrigger(hours=1), [line], misfire_grace_time=3600)
    scheduler.add_job(
        leader.only(reconcile_all),
        CronTrigger(hour=int(hour), minute=int(minute or 0), timezone=zone),
        [line],
        misfire_grace_time=3600,
    )
    for watch in watches(line):
        every = IntervalTrigger(seconds=watch.source.every)
        look = leader.only(look_at_registry)
        scheduler.add_job(look, every, [watch, scheduler, wake], next_run_time=datetime.now(UTC))
    scheduler.start()
    return scheduler
