# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Campaign files: what is accepted, and errors that name file and line."""
from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CATALOGUE, ROOT, SIZE

GOOD = """campaign: 1
name: A mailbox
iuts:
  MB: {adapter: "exec:./box --adapter", name: Box, version: 2.1}
pics: {PIC_M_02: N}
pixit:
  PX_SKEW: 120
select: [TP_DD_MB_*]
"""


def load(text: str, folder: Path):
    from latchkey import campaign, common
    path = folder / "x.campaign.yaml"
    path.write_text(text)
    return campaign.load(path, *common.catalogue())


def errors(text: str, folder: Path) -> list[str]:
    from latchkey.marks import InputError
    with pytest.raises(InputError) as e:
        load(text, folder)
    return [line.removeprefix(str(folder) + "/") for line in str(e.value).splitlines()]


def test_a_good_campaign_is_read(home, tmp_path):
    (tmp_path / "box").write_text("#!/bin/sh\n")
    c = load(GOOD, tmp_path)
    assert c.iuts["MB"].adapter == f"exec:{tmp_path}/box --adapter"
    assert c.iuts["MB"].label == "Box 2.1"
    assert (c.pics, c.pixit) == ({"PIC_M_02": False}, {"PX_SKEW": "120"})
    from latchkey import common
    assert [p.id for p in c.purposes(common.catalogue()[0])] == [i for i, role, *_ in CATALOGUE if role == "MB"]


def test_the_campaigns_of_the_tree_are_good(home):
    from latchkey import campaign, common
    catalogue, known = common.catalogue()
    monkey = common.load_catalogue(ROOT / "scenarios")
    found = sorted((ROOT / "scenarios/campaigns").glob("*.campaign.yaml"))
    assert len(found) >= 2
    for path in found:
        assert campaign.load(path, monkey, known).purposes(monkey)


@pytest.mark.parametrize("change, line, words", [
    (("select:", "slect:"), 8, "unknown key 'slect'; did you mean 'select'?"),
    (("PX_SKEW: 120", "PX_SKEW: [1]"), 7, "'PX_SKEW' is of the wrong kind"),
    (("PX_SKEW", "PX_SKWE"), 7, "PX_SKWE is not known; did you mean PX_SKEW?"),
    (("PIC_M_02: N", "PIC_M_02: maybe"), 5, "must be one of Y, N"),
    (("PIC_M_02: N", "PIC_02: N"), 5, "PICS items look like PIC_M_08"),
    (("exec:./box --adapter", "ssh:box"), 4, "write reference, exec:COMMAND or listen:ADDRESS:PORT"),
    (("  MB:", "  MAILBOX:"), 4, "unknown key 'MAILBOX'"),
    (("campaign: 1\n", ""), 1, "lacks campaign; add it"),
    (("campaign: 1", "campaign: 2"), 1, "it must be one of 1"),
    (("TP_DD_MB_*", "TP_DD_XY_*"), 8, "'TP_DD_XY_*' matches no test purpose"),
    (("name: A mailbox", "name: A mailbox\nname: B"), 3, "'name' is given twice; keep one of them"),
    (("pixit:", "pixit: {"), 8, "not YAML"),
    (("pixit:", "ibe: nothing.yaml\npixit:"), 6, "there is no file 'nothing.yaml'"),
    (("pixit:", "jobs: 0\npixit:"), 6, "write a number from 1 to 256"),
    (("pixit:", "baseline: [{tp: TP_DD_MB_IB_001, verdict: FAIL, reason: known bug}]\npixit:"), 6, "lacks expires"),
    (("pixit:", "baseline:\n - {tp: TP_DD_MB_IB_001, verdict: FAIL, reason: a bug,\n   expires: 2027-02-30}\npixit:"),
     8, "'2027-02-30'"),
])
def test_an_error_names_file_line_and_remedy(home, tmp_path, change, line, words):
    assert change[0] in GOOD
    (first, *_) = errors(GOOD.replace(*change), tmp_path)
    assert first.startswith(f"x.campaign.yaml:{line}: "), first
    assert words in first and "; " in first


def test_every_error_is_reported_in_the_order_of_lines(home, tmp_path):
    got = errors(GOOD.replace("select", "slect").replace("PIC_M_02: N", "PIC_M_02: 7"), tmp_path)
    assert [e.split(":")[1] for e in got] == ["5", "8"]


def test_errors_end_with_exit_code_4(latchkey, tmp_path):
    (tmp_path / "bad.yaml").write_text("campaign: 1\nname: x\n")
    for verb in ("run", "doctor"):
        code, _, err = latchkey(verb, "bad.yaml")
        assert code == 4 and err.startswith("bad.yaml:1: the file lacks iuts; add it")
    assert latchkey("run", "absent.yaml")[0] == 4


def test_a_command_that_is_not_there_is_exit_code_4(latchkey, tmp_path):
    (tmp_path / "c.yaml").write_text("campaign: 1\nname: x\niuts: {MB: 'exec:no-such-command --x'}\n")
    code, _, err = latchkey("run", "c.yaml")
    assert code == 4 and "'no-such-command' is not there" in err


def test_the_catalogue_is_read_and_selected(home):
    from latchkey import catalogue, common
    purposes, known = common.catalogue()
    assert len(purposes) == SIZE and purposes == sorted(purposes, key=lambda p: p.id)
    assert purposes[0].group == "MS" and known.mandatory("PIC_M_01")

    def ids(*patterns: str) -> list[str]:
        return [p.id for p in catalogue.select(purposes, list(patterns))]
    assert len(ids()) == SIZE
    assert ids("MB") == ids("TP_DD_MB_*") and len(ids("MB")) == 4
    assert ids("SHOULD") == ["TP_DD_MB_IB_002"] and ids("security") == ["TP_DD_KM_AU_001"]
    assert ids("RP", "PC") == ["TP_DD_MB_RP_001", "TP_DD_MB_RP_002", "TP_DD_PC_MS_001"]
    assert len(ids("DD-025")) == SIZE and not ids("mb")


def test_a_scenario_that_cannot_be_read_is_named(tmp_path):
    from latchkey.catalogue import CatalogueError, load_catalogue
    path = tmp_path / "mb/ib/tp_x.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("id: TP_X\ntitle: [\n")
    with pytest.raises(CatalogueError, match=r"tp_x\.yaml:3: "):
        load_catalogue(tmp_path)
    path.write_text("id: TP_X\n")
    path.with_name("tp_y.yaml").write_text("id: TP_X\n")
    with pytest.raises(CatalogueError, match="TP_X is already in"):
        load_catalogue(tmp_path)


def test_the_whole_catalogue_of_the_tree_can_be_read():
    from latchkey.catalogue import load_catalogue
    purposes = load_catalogue(ROOT / "scenarios")
    assert len(purposes) >= 122 and all(p.title.startswith("Ensure that the IUT ") for p in purposes)
