// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceSource} from "../../../../contracts/interfaces/IPriceSource.sol";

/// @title FaultySource
/// @notice A second source with every fault one can have.
contract FaultySource is IPriceSource {
    enum Behaviour {
        Honest,
        Reverts,
        BurnsGas,
        AnswersShort,
        AnswersNothing,
        AnswersAFlood
    }

    Behaviour private _behaviour;
    uint256 private _price;

    constructor(uint256 price_) {
        _price = price_;
    }

    /// @notice Sets the price: zero and huge ones too.
    function setPrice(uint256 price_) external {
        _price = price_;
    }

    /// @notice Sets how the source behaves.
    function setBehaviour(Behaviour behaviour) external {
        _behaviour = behaviour;
    }

    /// @inheritdoc IPriceSource
    function price() external view returns (uint256) {
        Behaviour b = _behaviour;
        if (b == Behaviour.Reverts) revert("OLD");
        if (b == Behaviour.BurnsGas) {
            uint256 spun;
            while (gasleft() > 100) ++spun;
        }
        uint256 answer = _price;
        assembly ("memory-safe") {
            mstore(0, answer)
            switch b
            case 3 {
                return(0, 31)
            }
            case 4 {
                return(0, 0)
            }
            case 5 {
                return(0, 250000)
            }
        }
        return answer;
    }
}
