"""What is done by the clock: erasing what is due, and the daily look at every target."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from integrator.errors import IntegratorError
from integrator.line import Line
from integrator.store import journal, messages
from integrator.telemetry.logs import logger

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


def start_clockwork(line: Line) -> BackgroundScheduler:
    """Starts the scheduler: memory job store, missed runs are made up once, no job runs beside itself."""
    hour, _, minute = line.settings.line.reconcile_at.partition(":")
    zone = ZoneInfo(line.settings.integrator.zone)
    scheduler = BackgroundScheduler(timezone=zone, job_defaults={"coalesce": True, "max_instances": 1})
    scheduler.add_job(erase_due, IntervalTrigger(hours=1), [line], misfire_grace_time=3600)
    scheduler.add_job(
        reconcile_all,
        CronTrigger(hour=int(hour), minute=int(minute or 0), timezone=zone),
        [line],
        misfire_grace_time=3600,
    )
    scheduler.start()
    return scheduler
