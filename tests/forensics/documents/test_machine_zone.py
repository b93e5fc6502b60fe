"""Machine-readable zones follow ICAO Doc 9303 and name no real state."""

from datetime import date

from tiltyard.forensics.documents.kit.machine_zone import Bearer, card_lines, check, passport_lines

SPECIMEN = Bearer("ERIKSSON", "ANNA MARIA", "L898902C3", date(1974, 8, 12), "F", date(2012, 4, 15))


def test_check_digits_are_those_of_the_standards_example() -> None:
    assert check("520727") == "3"
    assert check("L898902C3") == "6"


def test_a_passports_zone_is_that_of_the_standards_specimen_without_its_personal_number() -> None:
    first, second = passport_lines(SPECIMEN)
    assert first == "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    assert second[:42] == "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<"
    assert len(second) == 44


def test_a_cards_zone_has_three_lines_of_thirty() -> None:
    lines = card_lines(Bearer("Müßig", "Zoë", "AB1234567", date(1980, 1, 2), "F", date(2030, 3, 4)))
    assert [len(line) for line in lines] == [30, 30, 30]
    assert lines[0].startswith("I<UTOAB1234567")
    assert lines[2].startswith("MUSSIG<<ZOE<")
