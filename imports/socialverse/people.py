"""People of the source: made, kept up to date, and told from people here.

They have no usable password. A user name or an e-mail address that somebody here has
stays theirs: the imported person gets another name, or no address, and a note says so.
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
from imports.socialverse.rows import Person
from imports.socialverse.tally import ADDED, CHANGED, RENAMED, Tally
from interactions.models import Follow
from videos import search
from videos.models import Video

# What the source says of a person; the user name is chosen once and stays.
PROFILE = ("first_name", "last_name", "bio", "website", "verified")
STORED = (*PROFILE, "email", "external_id", "external_username")
USERNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?")
ONLY_A_NAME = "@"  # begins the external id of an owner whose id is not known yet


def write(people: Iterable[Person], tally: Tally) -> None:
    """Make who is missing, change who changed; of rows with one id the last counts."""
    wanted = {person.external_id: person for person in people}
    users = _known(wanted)
    emails = _Emails(wanted.values())
    new = [person for key, person in wanted.items() if key not in users]
    changed = []
    for key, user in users.items():
        person = wanted[key]
        email = emails.for_person(person, tally if user.email else None)
        told = {name: getattr(person, name) for name in PROFILE}
        told |= {
            "email": email,
            "external_id": key,
            "external_username": person.username,
        }
        if any(getattr(user, name) != value for name, value in told.items()):
            for name, value in told.items():
                setattr(user, name, value)
            user.updated_at = timezone.now()
            changed.append(user)
    User.objects.bulk_update(changed, [*STORED, "updated_at"])
    search.refresh(
        list(Video.objects.filter(creator__in=changed).values_list("pk", flat=True))
    )
    tally.counts[CHANGED] += len(changed)
    _make(new, emails, tally)


def keys_by_id(external_ids: Collection[str], tally: Tally) -> dict[str, int]:
    """Primary keys by external id; who is not listed is made with the id alone."""
    rows = User.objects.filter(source=SOURCE, external_id__in=external_ids)
    known = dict(rows.values_list("external_id", "pk"))
    if missing := sorted(set(external_ids) - set(known)):
        _make([Person(key, "") for key in missing], _Emails(()), tally)
        known = dict(rows.all().values_list("external_id", "pk"))
    return known


def owners(people: Iterable[Person], tally: Tally) -> dict[str, User]:
    """Owners of posts by their user name there; made where missing."""
    wanted = {person.username: person for person in people}
    rows = User.objects.filter(source=SOURCE, external_username__in=wanted)
    known = {user.external_username: user for user in rows}
    missing = [
        Person(ONLY_A_NAME + name, name, person.first_name, person.last_name)
        for name, person in wanted.items()
        if name not in known
    ]
    if missing:
        _make(missing, _Emails(()), tally)
        known = {user.external_username: user for user in rows.all()}
    return known


def _known(wanted: dict[str, Person]) -> dict[str, User]:
    """Users by the ids asked for; an owner known by name alone is recognised by it."""
    by_name = {
        ONLY_A_NAME + person.username: key
        for key, person in wanted.items()
        if person.username
    }
    rows = User.objects.filter(source=SOURCE, external_id__in=[*wanted, *by_name])
    found = {user.external_id: user for user in rows}
    known = {key: user for key, user in found.items() if key in wanted}
    for name, key in by_name.items():
        if name in found and key in known:
            _merge(found[name], into=known[key])
        elif name in found:
            known[key] = found[name]
    return known


def _merge(owner: User, *, into: User) -> None:
    """One person had two accounts: an owner known by name, a viewer known by id."""
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


def _make(people: list[Person], emails: _Emails, tally: Tally) -> None:
    names = _free_names(people, tally)
    User.objects.bulk_create(
        User(
            source=SOURCE,
            external_id=person.external_id,
            external_username=person.username,
            username=names[person.external_id],
            email=emails.for_person(person, tally),
            password=make_password(None),
            **{name: getattr(person, name) for name in PROFILE},
        )
        for person in people
    )
    tally.counts[ADDED] += len(people)


def _free_names(people: list[Person], tally: Tally) -> dict[str, str]:
    """A user name for each external id: the own one where it is free and can be."""
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
            tally.counts[RENAMED] += 1
            tally.notes.append(
                f"user {person.external_id}: the user name {person.username!r} cannot "
                f"be had here, so it is {name!r}"
            )
    return chosen


def _names(person: Person) -> Iterator[str]:
    """User names in the order of preference; the last is this person's alone."""
    if USERNAME.fullmatch(person.username):
        yield person.username
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", person.username).strip("-._")[:100]
    if plain:
        yield f"{plain}-{SOURCE}"
    yield username_for(SOURCE, person.external_id)
    yield username_for(SOURCE, person.external_id, distinct=True)


class _Emails:
    """Whose e-mail addresses can be stored: valid ones that nobody else has."""

    def __init__(self, people: Iterable[Person]) -> None:
        asked = {person.email for person in people if person.email}
        rows = User.objects.annotate(lowered=Lower("email")).filter(lowered__in=asked)
        self._holder: dict[str, tuple[str, str]] = {
            email: (source, key)
            for email, source, key in rows.values_list(
                "lowered", "source", "external_id"
            )
        }

    def for_person(self, person: Person, tally: Tally | None) -> str:
        """The person's address, or nothing; then a note says why."""
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
        if tally is not None:
            tally.notes.append(
                f"user {person.external_id}: the e-mail address {reason}; left out"
            )
        return ""
