// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// @title ArtifactTest
/// @notice Deploys contracts from the artifacts that the build wrote: what is tested is the code that is deployed, and the
/// compiler need not build the protocol once more inside each test, as it would for `new`.
abstract contract ArtifactTest is Test {
    string internal constant ROOT = "contracts/";
    string internal constant MOCKS = "contracts/mocks/";
    string internal constant PERIPHERY = "contracts/periphery/";
    string internal constant ACCESS = "@openzeppelin/contracts/access/manager/";

    /// @param folder Where the source lies.
    /// @param name The contract, and its file.
    /// @param arguments The constructor's, ABI-encoded.
    function _deployed(
        string memory folder,
        string memory name,
        bytes memory arguments
    ) internal returns (address deployed) {
        string memory path = string.concat("artifacts/", folder, name, ".sol/", name, ".json");
        bytes memory code = bytes.concat(vm.parseJsonBytes(vm.readFile(path), ".bytecode"), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
            if iszero(deployed) {
                // The constructor's own error, as it came.
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }
}
