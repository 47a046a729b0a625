"""Create and update the people of the source.

They have no usable password. If another account here has the user name or the e-mail
address, the imported person gets another name or no address, and the report a note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from imports.catalogue import username_for
from imports.socialverse import SOURCE
from imports.socialverse.page_report import ADDED, CHANGED, MERGED, RENAMED, PageReport
from imports.socialverse.rows import Person
from interactions.models import Follow
from videos import search
from videos.models import Video

# Fields that follow the source; the user name is chosen once.
PROFILE = ("first_name", "last_name", "bio", "website", "verified")
STORED = (*PROFILE, "email", "external_id", "external_username")
USERNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?")
ONLY_A_NAME = "@"  # prefix of the external id of an owner known by name only


def write(people: Iterable[Person], report: PageReport) -> None:
    """Create or update people; of rows with one id the last counts."""
    wanted = {person.external_id: person for person in people}
    users = _known(wanted, report)
    emails = _Emails(wanted.values())
    new = [person for key, person in wanted.items() if key not in users]
    changed = []
    for key, user in users.items():
        person = wanted[key]
        email = emails.for_person(person, report if user.email else None)
        fields = {name: getattr(person, name) for name in PROFILE}
        fields |= {
            "email": email,
            "external_id": key,
            "external_username": person.username,
        }
        if any(getattr(user, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(user, name, value)
            user.updated_at = timezone.now()
            changed.append(user)
    User.objects.bulk_update(changed, [*STORED, "updated_at"])
    search.refresh(
        list(Video.objects.filter(creator__in=changed).values_list("pk", flat=True))
    )
    report.counts[CHANGED] += len(changed)
    _create(new, emails, report)


def keys_by_id(external_ids: Collection[str], report: PageReport) -> dict[str, int]:
    """Primary keys by external id; unknown people are created with the id only."""
    rows = User.objects.filter(source=SOURCE, external_id__in=external_ids)
    known = dict(rows.values_list("external_id", "pk"))
    if missing := sorted(set(external_ids) - set(known)):
        _create([Person(key, "") for key in missing], _Emails(()), report)
        known = dict(rows.all().values_list("external_id", "pk"))
    return known


def owners(people: Iterable[Person], report: PageReport) -> dict[str, User]:
    """Owners of posts by their user name at the source; created if missing."""
    wanted = {person.username: person for person in people}
    rows = User.objects.filter(source=SOURCE, external_username__in=wanted)
    known = {user.external_username: user for user in rows}
    missing = [
        Person(ONLY_A_NAME + name, name, person.first_name, person.last_name)
        for name, person in wanted.items()
        if name not in known
    ]
    if missing:
        _create(missing, _Emails(()), report)
        known = {user.external_username: user for user in rows.all()}
    return known


def _known(wanted: dict[str, Person], report: PageReport) -> dict[str, User]:
    """Existing users by external id; an owner known by name only matches by name."""
    by_name = {
        ONLY_A_NAME + person.username: key
        for key, person in wanted.items()
        if person.username
    }
    rows = User.objects.filter(source=SOURCE, external_id__in=[*wanted, *by_name])
    by_id = {user.external_id: user for user in rows}
    known = {key: user for key, user in by_id.items() if key in wanted}
    for name, key in by_name.items():
        if name in by_id and key in known:
            _merge(by_id[name], into=known[key])
            report.counts[MERGED] += 1
        elif name in by_id:
            known[key] = by_id[name]
    return known


def _merge(owner: User, *, into: User) -> None:
    """Merge two accounts of one person: an owner known by name, a viewer by id."""
    Video.objects.filter(creator=owner).update(creator=into)
    Follow.objects.bulk_create(
        [
            Follow(follower_id=key, followee=into)
            for key in owner.followers.values_list("follower", flat=True)
            if key != into.pk
        ],
        ignore_conflicts=True,
    )
    owner.delete()


def _create(people: list[Person], emails: _Emails, report: PageReport) -> None:
    names = _free_names(people, report)
    User.objects.bulk_create(
        User(
            source=SOURCE,
            external_id=person.external_id,
            external_username=person.username,
            username=names[person.external_id],
            email=emails.for_person(person, report),
            password=make_password(None),
            **{name: getattr(person, name) for name in PROFILE},
        )
        for person in people
    )
    report.counts[ADDED] += len(people)


def _free_names(people: list[Person], report: PageReport) -> dict[str, str]:
    """A user name for each external id: their own if it is valid and free."""
    asked = {name.lower() for person in people for name in _names(person)}
    lowered = User.objects.annotate(lowered=Lower("username"))
    taken = set(lowered.filter(lowered__in=asked).values_list("lowered", flat=True))
    taken |= {name.lower() for name in settings.ACCOUNT_USERNAME_BLACKLIST}
    chosen = {}
    for person in people:
        name = next(name for name in _names(person) if name.lower() not in taken)
        taken.add(name.lower())
        chosen[person.external_id] = name
        if person.username and name != person.username:
            report.counts[RENAMED] += 1
            report.notes.append(
                f"user {person.external_id}: the user name {person.username!r} cannot "
                f"be had here, so it is {name!r}"
            )
    return chosen


def _names(person: Person) -> Iterator[str]:
    """User names in the order of preference; the last one is unique."""
    if USERNAME.fullmatch(person.username):
        yield person.username
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", person.username).strip("-._")[:100]
    if plain:
        yield f"{plain}-{SOURCE}"
    yield username_for(SOURCE, person.external_id)
    yield username_for(SOURCE, person.external_id, distinct=True)


class _Emails:
    """Decides which e-mail addresses can be stored: valid ones of no other account."""

    def __init__(self, people: Iterable[Person]) -> None:
        asked = {person.email for person in people if person.email}
        rows = User.objects.annotate(lowered=Lower("email")).filter(lowered__in=asked)
        self._holder: dict[str, tuple[str, str]] = {
            email: (source, key)
            for email, source, key in rows.values_list(
                "lowered", "source", "external_id"
            )
        }

    def for_person(self, person: Person, report: PageReport | None) -> str:
        """The person's address, or an empty string and a note with the reason."""
        if not person.email:
            return ""
        me = (SOURCE, person.external_id)
        if self._holder.setdefault(person.email, me) != me:
            reason = "belongs to another account here"
        else:
            try:
                validate_email(person.email)
            except ValidationError:
                reason = "is not valid"
            else:
                return person.email
        if report is not None:
            report.notes.append(
                f"user {person.external_id}: the e-mail address {reason}; left out"
            )
        return ""
