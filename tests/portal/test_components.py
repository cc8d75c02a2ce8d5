"""Fields and figures: what was typed stays, errors stand beside their field, figures have words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cishan.plumbing import i18n, web
from cishan.plumbing.forms import Form, empty
from cishan.settings import Settings


@pytest.fixture
def show(config: Settings) -> Any:
    """Render a line of a template with the components in English."""
    env = web.environment(config)
    imports = "".join(
        f'{{% import "components/{name}.html" as {name} %}}'
        for name in ("forms", "files", "data", "feedback", "navigation", "cards", "actions")
    )

    def render(source: str, **values: Any) -> str:
        with i18n.speaking("en"):
            return " ".join(env.from_string(imports + source).render(**values).split())

    return render


WRONG: Form[Any] = Form(
    None,
    {"amount": "Enter an amount.", "": "The project has closed."},
    {"amount": ['<"x">'], "theme": ["study", "elders"]},
)


def test_a_wrong_field_keeps_what_was_typed_and_names_its_error(show: Any) -> None:
    html = show('{{ forms.field("amount", "Amount", form, hint="In yuan.", required=true) }}', form=WRONG)
    assert 'value="&lt;&#34;x&#34;&gt;"' in html
    assert 'aria-describedby="field-amount-hint field-amount-error" aria-invalid="true"' in html
    assert 'id="field-amount-error"' in html
    assert "(optional)" not in html


def test_a_right_field_names_no_error(show: Any) -> None:
    html = show('{{ forms.field("amount", "Amount", form) }}', form=empty(amount="50"))
    assert 'value="50"' in html
    assert "aria-" not in html
    assert "(optional)" in html


def test_the_error_summary_links_to_the_fields_and_tells_of_the_whole_form(show: Any) -> None:
    html = show("{{ forms.error_summary(form) }}", form=WRONG)
    assert '<a href="#field-amount">Enter an amount.</a>' in html
    assert "<li>The project has closed.</li>" in html
    assert "2 things need your attention" in html
    assert 'tabindex="-1"' in html


def test_there_is_no_error_summary_without_an_error(show: Any) -> None:
    assert show("{{ forms.error_summary(form) }}", form=empty()) == ""


def test_several_choices_stay_chosen(show: Any) -> None:
    options = [("study", "Schooling"), ("elders", "Older people"), ("illness", "Illness")]
    html = show(
        '{{ forms.choices("theme", "Themes", options, form, multiple=true) }}', form=WRONG, options=options
    )
    assert html.count(" checked") == 2
    assert 'value="illness" checked' not in html


def test_a_preset_amount_is_a_chip_and_any_other_stands_in_the_field(show: Any) -> None:
    source = '{{ forms.amount_field("amount", "Amount", [20, 50, 100], form) }}'
    preset = show(source, form=empty(amount="50"))
    assert 'value="50" checked' in preset
    assert 'maxlength="20" value=""' in preset
    other = show(source, form=empty(amount="66"))
    assert " checked" not in other
    assert 'maxlength="20" value="66"' in other


@pytest.mark.parametrize(
    ("raised_fen", "percent", "days", "words"),
    [(250_000, 50, 3, "3 days left"), (250_000, 50, 1, "1 day left"), (510_000, 102, 0, "Raising has ended")],
)
def test_progress_never_exceeds_its_bar_and_is_told_in_words(
    show: Any, raised_fen: int, percent: int, days: int, words: str
) -> None:
    html = show(
        "{{ data.raised(raised_fen, 500000, percent, 7, days) }}",
        raised_fen=raised_fen,
        percent=percent,
        days=days,
    )
    assert f'value="{min(raised_fen, 500_000)}" max="500000"' in html
    assert f"{percent}%" in html
    assert words in html
    assert ("Goal reached" in html) == (percent >= 100)


def test_a_chart_is_a_table_whose_longest_bar_fills_it(show: Any) -> None:
    html = show('{{ data.bar_chart("By theme", items) }}', items=[("Study", 400_00), ("Elders", 100_00)])
    assert 'class="bar" width="1000"' in html
    assert 'class="bar" width="250"' in html
    assert "¥100.00" in html
    assert "<caption>By theme</caption>" in html


def test_a_line_chart_needs_two_points_and_stands_as_a_table_too(show: Any) -> None:
    source = '{{ data.line_chart("Day by day", points) }}'
    assert show(source, points=[("1", 100)]) == ""
    html = show(source, points=[("Mon", 0), ("Tue", 50_00), ("Wed", 100_00)])
    assert 'd="M0 200L500.0 100L1000.0 0"' in html.replace("0.0 200", "0 200")
    assert '<th scope="row">Tue</th>' in html


@pytest.mark.parametrize(
    ("page", "shown"),
    [(1, ["1", "2", "12"]), (6, ["1", "5", "6", "7", "12"]), (12, ["1", "11", "12"])],
)
def test_pagination_shows_the_ends_and_the_neighbours(show: Any, page: int, shown: list[str]) -> None:
    html = show('{{ navigation.pagination(page, 12, "/campaigns?page=") }}', page=page)
    assert [n for n in map(str, range(1, 13)) if f'aria-label="Page {n}">' in html] == shown
    assert f'href="/campaigns?page={page}" aria-current="page"' in html


def test_one_page_needs_no_pagination(show: Any) -> None:
    assert show('{{ navigation.pagination(1, 1, "/campaigns?page=") }}') == ""


def test_a_timeline_tells_days_and_moments(show: Any) -> None:
    html = show("{{ data.timeline(items) }}", items=[(date(2026, 11, 22), "Filed")])
    assert '<time datetime="2026-11-22">Nov 22, 2026</time>' in html


def test_what_people_write_is_never_markup(show: Any) -> None:
    html = show(
        '{{ cards.gift_row("<b>x</b>", 100, when, "<script>") }}{{ feedback.notice("<i>") }}'
        '{{ data.table("T", ["A"], [["<u>"]]) }}',
        when=datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert not {"<b>", "<script>", "<i>", "<u>"} & set(html.replace("><", "> <").split())
    assert "&lt;script&gt;" in html


CHOOSER = {"accept": "application/pdf", "kinds": "PDF", "max_count": 3, "max_bytes": 2_000_000, "max_mb": 2}


def test_an_upload_tells_its_limits_and_asks_for_the_files_again(show: Any) -> None:
    field = '{{ forms.upload_field("minutes", "Minutes", chooser, form) }}'
    html = show(field, chooser=CHOOSER, form=empty())
    assert "PDF. Up to 3 files, 2 MB each." in html
    assert 'accept="application/pdf" multiple' in html
    assert "once more" not in html
    sent: Form[Any] = Form(None, {"title": "Fill in this field."}, {}, frozenset({"minutes"}))
    assert "Choose the files once more" in show(field, chooser=CHOOSER, form=sent)
    one = show(field, chooser={**CHOOSER, "max_count": 1}, form=sent)
    assert "PDF. 2 MB at most." in one
    assert "multiple" not in one
    wrong: Form[Any] = Form(None, {"minutes": "This file is empty."}, {}, frozenset({"minutes"}))
    assert "This file is empty." in show(field, chooser=CHOOSER, form=wrong)
    assert "once more" not in show(field, chooser=CHOOSER, form=wrong)


def test_a_list_of_files_shows_pictures_and_escapes_names(show: Any) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    file = {
        "url": "/files/1",
        "name": "<b>.pdf",
        "is_picture": False,
        "size_bytes": 340_000,
        "uploaded_at": at,
    }
    picture = {**file, "is_picture": True, "size_bytes": None}
    html = show("{{ files.file_list(kept) }}", kept=[file, picture])
    assert "<bdi>&lt;b&gt;.pdf</bdi>" in html
    assert "340 kB" in html
    assert html.count("<img") == 1
    assert "Nothing yet" in show('{{ files.file_list([], empty="Nothing yet") }}')
