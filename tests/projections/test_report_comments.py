"""What a table says of a column is said of it in reports as well, so that it is written once."""

from projections.kernel.reports import commented

TABLE = """
comment on table lamps is 'One row per lamp.';
comment on column lamps.lamp_id is 'The lamp.';
comment on column lamps.light_lm is 'Luminous flux, in lumens; it''s measured.';
"""


def test_a_view_and_a_column_that_is_shown_as_it_is_say_what_their_table_says() -> None:
    view = "create or replace view reports.lamps as\nselect lamp_id, light_lm from read_v1.lamps;\n"

    assert commented(view, TABLE).splitlines()[2:] == [
        "comment on view reports.lamps is 'One row per lamp.';",
        "comment on column reports.lamps.lamp_id is 'The lamp.';",
        "comment on column reports.lamps.light_lm is 'Luminous flux, in lumens; it''s measured.';",
    ]


def test_what_a_view_says_itself_counts_more() -> None:
    view = "create or replace view reports.lamps as\nselect lamp_id from read_v1.lamps;\n"
    own = "comment on view reports.lamps is 'Lamps.';\ncomment on column reports.lamps.lamp_id is 'Its id.';\n"

    assert commented(view + own, TABLE) == view + own


def test_a_computed_column_does_not_say_what_the_column_of_its_name_says() -> None:
    computed = "select lamp_id, case when on then coalesce(light_lm, 0) end as light_lm from read_v1.lamps;"

    assert "light_lm is" not in commented(f"create or replace view reports.lamps as\n{computed}\n", TABLE)
