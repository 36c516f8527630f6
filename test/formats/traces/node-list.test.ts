import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readNodeList } from "../../../src/formats/traces/node-list.js";
import { faultsOf } from "../faults-of.js";

const read = (text: string, column: string) =>
  readNodeList("-", column, { stdin: Readable.from([Buffer.from(text)]) });

describe("readNodeList", () => {
  it("reads openb's node list in its order", async () => {
    const nodes = await readNodeList("scenarios/traces/openb_node_list_all_node.csv", "sn");
    expect(nodes).toHaveLength(1523);
    expect(nodes[0]).toEqual({ name: "openb-node-0000", line: 2 });
    expect(nodes[1522]).toEqual({ name: "openb-node-1522", line: 1524 });
  });

  it("takes the column by name and passes over blank lines", async () => {
    expect(await read('\nrack,sn\n\n"r, 1",a\nr2,"b"\n\n', "sn")).toEqual([
      { name: "a", line: 4 },
      { name: "b", line: 5 },
    ]);
  });

  it.each([
    ["", "-: the file is empty; expected a node list"],
    ["sn\n", "-: the file has a header but no rows"],
    ["name,rack\na,r\n", '-:1:1: the header has no column "sn"; its columns are name, rack'],
    ["SN,rack\na,r\n", '-:1:1: the header has no column "sn"; nearest is "SN"'],
    ["sn,rack\na\n", "-:2: expected 2 columns (as in the header), found 1"],
    ["sn,sn\na,b\n", "-:1:4: sn: this column stands twice in the header"],
  ])("refuses %j", async (text, expected) => {
    expect(await faultsOf(read(text, "sn"))).toEqual([expected]);
  });
});
