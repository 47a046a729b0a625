"""People to follow and the taste map: who is shown what, and what nobody learns."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender.graph.queries.interface import CROWD
from recommender.web.explore import people
from recommender.web.explore.taste_map import NOTHING_YET, TOO_FEW, asked_for
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()
MAP = "/explore/map/"


def crowd_finished(*videos, size=CROWD):
    for person in [make_user() for _ in range(size)]:
        for video in videos:
            watch(video, user=person, fraction=0.95)


def around(user, **subject):
    """The map as {label: note} and a set of pairs of labels."""
    drawn = asked_for(user, **subject)
    labels = {node.key: node.label for node in drawn.nodes}
    return (
        {node.label: node.note for node in drawn.nodes},
        {frozenset((labels[k.source], labels[k.target])) for k in drawn.links},
    )


class TestPeopleToFollow:
    def test_by_whom_one_follows_then_what_one_watched_then_subjects(self):
        user, friend = make_user(), make_user()
        jazz = make_category(name="Jazz")
        known, watched, popular, other = (
            make_video(categories=[category]).creator
            for category in (make_category(), make_category(), jazz, make_category())
        )
        user.parent_category_interests.add(jazz.parent_category)
        interactions.follow(follower=user, followee=friend)
        for person in (known, other):
            interactions.follow(follower=friend, followee=person)
        interactions.follow(follower=make_user(), followee=other)
        watch(watched.videos.get(), user=user, fraction=0.5)
        found = people.to_follow(user, limit=9)
        assert [(each.person, each.reason) for each in found] == [
            (known, "Followed by someone you follow"),
            (watched, "You watched a video of theirs"),
            (other, "Followed by someone you follow"),
            (popular, f"Makes videos in {jazz.parent_category}, which you picked"),
        ]

    def test_guests_see_the_most_followed(self):
        quiet, loud = make_video().creator, make_video().creator
        interactions.follow(follower=make_user(), followee=loud)
        found = people.to_follow(ANYONE, limit=9)
        assert [(each.person, each.reason) for each in found] == [
            (loud, ""),
            (quiet, ""),
        ]

    @pytest.mark.parametrize("change", ["inactive", "private", "followed", "oneself"])
    def test_only_people_whom_one_can_follow_for_something(self, change):
        user, friend = make_user(), make_user()
        video = make_video(creator=user if change == "oneself" else make_user())
        creator = video.creator
        interactions.follow(follower=user, followee=friend)
        interactions.follow(follower=friend, followee=creator)
        if change == "inactive":
            creator.is_active = False
            creator.save()
        elif change == "private":
            Video.objects.update(visibility="private")
        elif change == "followed":
            interactions.follow(follower=user, followee=creator)
        assert people.to_follow(user, limit=9) == []

    def test_page_and_strip(self, client):
        user, creator = make_user(), make_video().creator
        assert creator.username in client.get("/explore/people/").text
        client.force_login(user)
        strip = client.get("/explore/people/", headers={"HX-Request": "true"})
        assert creator.username in strip.text
        assert "<html" not in strip.text
        assert 'hx-get="/explore/people/"' in client.get("/following/").text
        interactions.follow(follower=user, followee=creator)
        assert "No suggestions yet" in client.get("/explore/people/").text

    def test_a_bounded_number_of_queries(self, client):
        user = make_user()
        for _ in range(20):
            watch(make_video(), user=user)
        client.force_login(user)
        with CaptureQueriesContext(connection) as queries:
            client.get("/explore/people/")
        assert len(queries) <= 9


class TestMapOfAVideo:
    def test_who_made_it_what_it_is_about_and_what_was_watched_besides(self):
        jazz = make_category(name="Jazz")
        middle = make_video(title="Middle", categories=[jazz])
        near, next_one = make_video(title="Near"), make_video(title="Next")
        crowd_finished(middle, near)
        crowd_finished(near, next_one)
        for user in (ANYONE, make_user()):
            notes, links = around(user, video_id=middle.video_id)
            assert notes == {
                "Middle": f"By {middle.creator}",
                str(middle.creator): "Made this video",
                "Jazz": "Its subject",
                "Near": "Watched by people who finished “Middle”",
                "Next": "Watched by people who finished “Near”",
            }
            assert links == {
                frozenset(pair)
                for pair in [
                    ("Middle", str(middle.creator)),
                    ("Middle", "Jazz"),
                    ("Middle", "Near"),
                    ("Near", "Next"),
                ]
            }

    def test_what_everybody_watches_is_not_the_nearest(self):
        middle, hit, near = (make_video(title=t) for t in ("Middle", "Hit", "Near"))
        crowd_finished(middle, hit, near)
        crowd_finished(middle, hit, size=1)
        crowd_finished(hit, size=20)
        drawn = asked_for(ANYONE, video_id=middle.video_id)
        strengths = {link.target: link.strength for link in drawn.links}
        assert strengths[drawn.key(near)] > strengths[drawn.key(hit)]

    def test_too_few_tell_nothing_and_it_says_so(self):
        middle = make_video(title="Middle")
        also = make_video(title="Also", creator=middle.creator)
        crowd_finished(middle, make_video(title="Near"), size=CROWD - 1)
        notes, _ = around(ANYONE, video_id=middle.video_id)
        assert set(notes) == {"Middle", "Also", str(middle.creator)}
        assert notes["Also"] == f"Also by {also.creator}"
        assert asked_for(ANYONE, video_id=middle.video_id).notice == TOO_FEW

    @pytest.mark.parametrize("visibility", ["private", "unlisted"])
    def test_only_listed_videos_are_drawn(self, visibility):
        middle = make_video(title="Middle")
        crowd_finished(middle, make_video(title="Hidden", visibility=visibility))
        for user in (ANYONE, make_user()):
            assert "Hidden" not in around(user, video_id=middle.video_id)[0]

    def test_what_was_dismissed_is_not_drawn(self):
        middle, near, user = make_video(), make_video(title="Near"), make_user()
        crowd_finished(middle, near)
        interactions.not_interested(user=user, video=near)
        assert "Near" not in around(user, video_id=middle.video_id)[0]


class TestMapOfAPerson:
    @pytest.fixture
    def ada(self):
        """Watches one video, likes another, made one, follows Bob, picked a subject."""
        ada = make_user(username="ada")
        watch(make_video(title="Watched"), user=ada, fraction=0.95)
        interactions.like(user=ada, video=make_video(title="Liked"))
        make_video(title="Made", creator=ada)
        interactions.follow(follower=ada, followee=make_user(username="bob"))
        ada.parent_category_interests.add(make_category(name="Jazz").parent_category)
        return ada

    def test_to_oneself_what_one_watched(self, ada):
        notes, links = around(ada)
        subject = str(ada.parent_category_interests.get())
        assert notes == {
            "ada": "You",
            subject: "You picked it",
            "bob": "You follow them",
            "Watched": "You watched it",
            "Liked": "You liked it",
        }
        assert len(links) == 4

    def test_to_others_what_the_profile_shows(self, ada):
        for user in (ANYONE, make_user(), make_user(is_superuser=True)):
            notes, _ = around(user, username="ada")
            assert notes == {
                "ada": "",
                str(ada.parent_category_interests.get()): "Among their interests",
                "bob": "ada follows them",
                "Made": "Made by ada",
            }

    def test_one_person_more_makes_no_crowd_of_four(self, ada):
        """Whoever is one of five learns nothing of the other four, nor do others see
        who they are."""
        seen, near = make_video(title="Seen"), make_video(title="Near")
        crowd_finished(seen, near, size=CROWD - 1)
        for user in (ANYONE, ada):
            assert "Near" not in around(user, video_id=seen.video_id)[0]
        for video in (seen, near):
            watch(video, user=ada, fraction=0.95)
        assert "Near" not in around(ada, video_id=seen.video_id)[0]
        notes, links = around(ANYONE, video_id=seen.video_id)
        assert frozenset(("Seen", "Near")) in links
        assert "ada" not in notes
        assert not re.search(r"\d+ people", " ".join(notes.values()))

    def test_with_nothing_yet(self, client):
        user = make_user()
        assert asked_for(user).notice == NOTHING_YET
        client.force_login(user)
        assert NOTHING_YET in client.get(MAP).text
        assert "data-taste-map" not in client.get(MAP).text


class TestPages:
    def test_each_point_is_a_link_and_leads_to_its_own_map(self, client):
        middle, near = make_video(title="Middle"), make_video(title="Near")
        crowd_finished(middle, near)
        html = client.get(f"{MAP}?video={middle.video_id}").text
        for video in (middle, near):
            assert f'href="{video.get_absolute_url()}"' in html
        assert f'href="{MAP}?video={near.video_id}"' in html
        assert f'href="{MAP}?person={near.creator.username}"' not in html
        assert f'href="{MAP}?person={middle.creator.username}"' in html

    def test_guests_begin_with_what_people_like(self, client):
        assert "Nothing to show yet" in client.get(MAP).text
        make_video(title="Quiet")
        watch(make_video(title="Loud"))
        assert "Around <bdi>Loud</bdi>" in client.get(MAP).text

    def test_what_one_may_not_see_is_not_found(self, client):
        private = make_video(visibility="private")
        gone = make_user(is_active=False)
        hidden = [f"video={private.video_id}", "video=no", f"person={gone.username}"]
        for query in [*hidden, "person=nobody"]:
            assert client.get(f"{MAP}?{query}").status_code == 404
        client.force_login(private.creator)
        assert client.get(f"{MAP}?video={private.video_id}").status_code == 200

    def test_a_bounded_number_of_queries(self, client):
        user = make_user()
        videos = [make_video(categories=[make_category()]) for _ in range(12)]
        crowd_finished(*videos)
        for video in videos:
            watch(video, user=user)
            interactions.follow(follower=user, followee=video.creator)
        client.force_login(user)
        for query in ("", f"?video={videos[0].video_id}", f"?person={user.username}"):
            with CaptureQueriesContext(connection) as queries:
                assert "data-taste-map" in client.get(MAP + query).text
            assert len(queries) <= 14, query


class TestApi:
    def test_people(self, client):
        friend, creator = make_user(), make_video().creator
        user = make_user()
        interactions.follow(follower=user, followee=friend)
        interactions.follow(follower=friend, followee=creator)
        client.force_login(user)
        (found,) = client.get("/api/v1/explore/people/").json()
        assert found["person"]["username"] == creator.username
        assert found["reason"] == "Followed by someone you follow"

    def test_map(self, client):
        middle, near = make_video(title="Middle"), make_video(title="Near")
        crowd_finished(middle, near)
        drawn = client.get(f"/api/v1/explore/map/?video={middle.video_id}").json()
        assert [node["label"] for node in drawn["nodes"]] == [
            "Middle",
            str(middle.creator),
            "Near",
        ]
        assert {link["kind"] for link in drawn["links"]} == {"made", "co_watched"}
        own = make_user()
        client.force_login(own)
        assert client.get("/api/v1/explore/map/").json()["notice"] == NOTHING_YET

    def test_what_one_may_not_see_is_not_found(self, client):
        private = make_video(visibility="private")
        address = "/api/v1/explore/map/"
        assert client.get(address).status_code == 404
        for query in (f"video={private.video_id}", "person=nobody"):
            assert client.get(f"{address}?{query}").status_code == 404
