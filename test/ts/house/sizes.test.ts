import { expect } from "chai";

import {
  CODE_LIMIT,
  layoutDifferences,
  layoutLines,
  oversized,
  sizeDifferences,
} from "../../../scripts/core/house/sizes.js";

describe("sizes", function () {
  it("says what grew, what is new and what is gone", function () {
    expect(sizeDifferences({ A: 10, B: 20 }, { A: 12, C: 5 })).to.deep.equal([
      "A: 10 -> 12 bytes (+2)",
      "B: gone, it had 20 bytes",
      "C: new, 5 bytes",
    ]);
    expect(sizeDifferences({ A: 10 }, { A: 10 })).to.deep.equal([]);
  });

  it("accepts the chain's limit and nothing above it", function () {
    expect(oversized({ A: CODE_LIMIT })).to.deep.equal([]);
    expect(oversized({ A: CODE_LIMIT + 1 })).to.have.length(1);
  });

  it("writes a layout without solc's node numbers, and structs with their members", function () {
    const entry = (label: string, slot: string, offset: number, type: string) => ({ label, slot, offset, type });
    const layout = layoutLines({
      storage: [
        entry("_authority", "0", 0, "t_address"),
        entry("_open", "0", 20, "t_bool"),
        entry("_books", "1", 0, "t_mapping(t_uint256,t_struct(Book)77_storage)"),
      ],
      types: {
        t_address: { label: "address", numberOfBytes: "20" },
        t_bool: { label: "bool", numberOfBytes: "1" },
        "t_mapping(t_uint256,t_struct(Book)77_storage)": {
          label: "mapping(uint256 => struct Book)",
          numberOfBytes: "32",
        },
        "t_struct(Book)77_storage": {
          label: "struct Book",
          numberOfBytes: "32",
          members: [entry("owner", "0", 0, "t_address")],
        },
      },
    });
    expect(layout).to.deep.equal([
      "0 _authority: address (20)",
      "0+20 _open: bool (1)",
      "1 _books: mapping(uint256 => struct Book) (32)",
      "  0 owner: address (20)",
    ]);
    expect(layoutDifferences({ V: layout }, { V: layout })).to.deep.equal([]);
    expect(layoutDifferences({ V: layout }, { V: layout.slice(1) })).to.deep.equal(["V: - 0 _authority: address (20)"]);
  });
});
