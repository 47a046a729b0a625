"""New texts, and `ViewCounts` for `Audience`. Changes no table: its SQL is empty."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0007_personalize_filters"),
        ("videos", "0005_slugs"),
    ]

    operations = [
        migrations.AlterModelTable("audience", "recommender_audience"),
        migrations.RenameModel("Audience", "ViewCounts"),
        migrations.AlterModelOptions(
            name="viewcounts",
            options={"verbose_name_plural": "view counts"},
        ),
        migrations.AlterField(
            model_name="activation",
            name="is_rollback",
            field=models.BooleanField(
                default=False, help_text="Whether it undid the activation before it."
            ),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ab", "A/B: each person gets one of the runs"),
                    ("interleaving", "Interleaving: each home feed mixes both runs"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="share",
            field=models.FloatField(
                default=0.5,
                help_text="Share of the people with an account who take part, above 0 up to 1.",
                validators=[
                    django.core.validators.MinValueValidator(0.001),
                    django.core.validators.MaxValueValidator(1),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="smallest_effect",
            field=models.FloatField(
                default=0.05,
                help_text="The smallest difference to detect. A/B: change in views per person, relative to today. Interleaving: share of people who prefer one run minus share who prefer the other. 0.05 is five per cent.",
                validators=[
                    django.core.validators.MinValueValidator(0.001),
                    django.core.validators.MaxValueValidator(1),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="window_days",
            field=models.PositiveSmallIntegerField(
                default=7,
                help_text="Days from a person's first feed in the experiment in which their watches count. A person counts once these days are over.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(90),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="graphmirror",
            name="applied_at",
            field=models.DateTimeField(
                help_text="When a change was last applied.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="graphmirror",
            name="differences",
            field=models.PositiveIntegerField(
                default=0, help_text="Found and repaired by the last check."
            ),
        ),
        migrations.AlterField(
            model_name="graphmirror",
            name="error",
            field=models.TextField(blank=True, help_text="The last error."),
        ),
        migrations.AlterField(
            model_name="graphmirror",
            name="watermark",
            field=models.BigIntegerField(
                default=0, help_text="Number of the last change that was applied."
            ),
        ),
        migrations.AlterField(
            model_name="personalizefilter",
            name="name",
            field=models.CharField(
                help_text="The last part of the ARN of the filter, after the last slash.",
                max_length=63,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="rankeractivation",
            name="is_rollback",
            field=models.BooleanField(
                default=False, help_text="Whether it undid the activation before it."
            ),
        ),
        migrations.AlterField(
            model_name="rankerrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("training", "Training"),
                    ("trained", "Trained"),
                    ("refused", "Refused: does not beat the baselines"),
                    ("failed", "Failed"),
                ],
                default="training",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="viewcounts",
            name="video",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="view_counts",
                serialize=False,
                to="videos.video",
            ),
        ),
        migrations.AlterConstraint(
            model_name="experiment",
            name="experiment_two_runs",
            constraint=models.CheckConstraint(
                condition=models.Q(("control", models.F("treatment")), _negated=True),
                name="experiment_two_runs",
                violation_error_message="An experiment needs two different runs.",
            ),
        ),
    ]
