// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Call} from "../../../contracts/interfaces/IExecutor.sol";
import {ILiquidator} from "../../../contracts/interfaces/ILiquidator.sol";
import {IMarginAccountAccess} from "../../../contracts/interfaces/IMarginAccountAccess.sol";
import {IMarginAccountCore} from "../../../contracts/interfaces/IMarginAccountCore.sol";
import {IMarginAccountExtension} from "../../../contracts/interfaces/IMarginAccountExtension.sol";
import {IMarginAccountTrading} from "../../../contracts/interfaces/IMarginAccountTrading.sol";
import {AccountId} from "../../../contracts/types/AccountId.sol";
import {PolicyFields} from "../../../contracts/types/BandPolicy.sol";
import {GuardLevel} from "../../../contracts/types/Guard.sol";
import {InstrumentId, toPerpetual} from "../../../contracts/types/InstrumentId.sol";

/// @title EntryPoints
/// @notice A call to every external function of the ledger that the lock must refuse, for tests of re-entrance.
library EntryPoints {
    function ofMarginAccount(
        AccountId own,
        AccountId other,
        address token,
        PolicyFields memory policy
    ) internal pure returns (bytes[] memory calls) {
        calls = new bytes[](45);
        AccountId[] memory batch = new AccountId[](1);
        batch[0] = other;
        IMarginAccountCore.Slice memory slice;
        (slice.account, slice.taker, slice.fractionE18) = (other, own, 1e18);
        calls[0] = abi.encodeCall(IMarginAccountCore.deposit, (own, token, 1e18));
        calls[1] = abi.encodeCall(IMarginAccountCore.depositFor, (other, token, 1e18));
        calls[2] = abi.encodeCall(IMarginAccountCore.withdraw, (own, token, 1, address(1)));
        calls[3] = abi.encodeCall(IMarginAccountCore.rebalance, (other));
        calls[4] = abi.encodeCall(IMarginAccountExtension.rebalanceMany, (batch));
        calls[5] = abi.encodeCall(IMarginAccountCore.deliverSlice, (slice, address(1), ""));
        calls[6] = abi.encodeCall(IMarginAccountCore.stateOf, (own));
        calls[7] = abi.encodeCall(IMarginAccountCore.cashOf, (own));
        calls[8] = abi.encodeCall(IMarginAccountCore.assess, (own));
        calls[9] = abi.encodeCall(IMarginAccountCore.healthOf, (own));
        calls[10] = abi.encodeCall(IMarginAccountExtension.transfer, (own, other, token, 1));
        calls[11] = abi.encodeCall(IMarginAccountExtension.depositReserve, (own, token, 1e18));
        calls[12] = abi.encodeCall(IMarginAccountExtension.withdrawReserve, (own, token, 1, address(1)));
        calls[13] = abi.encodeCall(IMarginAccountExtension.setOperator, (own, address(1), 1));
        calls[14] = abi.encodeCall(IMarginAccountExtension.setPolicy, (own, policy));
        calls[15] = abi.encodeCall(IMarginAccountExtension.setWalletLimit, (own, 1));
        calls[16] = abi.encodeCall(IMarginAccountExtension.provision, (other));
        calls[17] = abi.encodeCall(IMarginAccountExtension.reverseProvision, (other));
        calls[18] = abi.encodeCall(IMarginAccountExtension.writeOff, (other));
        calls[19] = abi.encodeCall(IMarginAccountExtension.collectFees, ());
        calls[20] = abi.encodeCall(IMarginAccountAccess.setInterest, (200, 800, 9_000, 8_500, 2_000, 100));
        calls[21] = abi.encodeCall(IMarginAccountAccess.setLiquidator, (address(1)));
        calls[22] = abi.encodeCall(IMarginAccountExtension.collateralOf, (own, 1));
        calls[23] = abi.encodeCall(IMarginAccountExtension.maxWithdraw, (own, token));
        calls[24] = abi.encodeCall(IMarginAccountExtension.previewRebalance, (own));
        calls[25] = abi.encodeCall(IMarginAccountExtension.cashMarket, ());
        calls[26] = abi.encodeCall(IMarginAccountExtension.payClaims, (token, 1));
        calls[27] = abi.encodeCall(IMarginAccountExtension.claim, (token, address(1)));
        InstrumentId instrument = toPerpetual(1);
        IMarginAccountTrading.Fill memory f;
        (f.maker, f.taker, f.instrument, f.sizeE18, f.priceE18) = (own, other, instrument, 1e18, 2_000e18);
        calls[28] = abi.encodeCall(IMarginAccountTrading.fill, (f));
        calls[29] = abi.encodeCall(IMarginAccountTrading.settle, (instrument, batch));
        calls[30] = abi.encodeCall(IMarginAccountTrading.accrueFunding, (instrument));
        calls[31] = abi.encodeCall(IMarginAccountAccess.setPerpetual, (1, 125, 5_000, 8, 40, 1));
        calls[32] = abi.encodeCall(IMarginAccountAccess.setExchange, (address(1)));
        calls[33] = abi.encodeCall(IMarginAccountTrading.positionOf, (own, instrument));
        calls[34] = abi.encodeCall(IMarginAccountTrading.perpetualOf, (instrument));
        calls[35] = abi.encodeCall(IMarginAccountAccess.multicall, (own, new bytes[](0)));
        calls[36] = abi.encodeCall(IMarginAccountAccess.act, (new Call[](0), new address[](0)));
        calls[37] = abi.encodeCall(IMarginAccountAccess.usePermit, (token, 1, type(uint256).max, 27, 0, 0));
        calls[38] = abi.encodeCall(IMarginAccountAccess.depositNative, (own));
        calls[39] = abi.encodeCall(IMarginAccountAccess.grantBySignature, (own, address(1), 1, 0, 0, ""));
        calls[40] = abi.encodeCall(IMarginAccountAccess.cancelGrant, (own));
        calls[41] = abi.encodeCall(IMarginAccountAccess.pause, (GuardLevel.Halt, 1));
        calls[42] = abi.encodeCall(IMarginAccountAccess.unpause, ());
        calls[43] = abi.encodeCall(IMarginAccountAccess.clearPause, ());
        calls[44] = abi.encodeCall(IMarginAccountAccess.setLiquidationGrace, (1 hours));
    }

    function ofLiquidator(AccountId own, AccountId other) internal pure returns (bytes[] memory calls) {
        calls = new bytes[](2);
        calls[0] = abi.encodeCall(ILiquidator.liquidate, (other, own, 1e18, type(int256).max, ""));
        calls[1] = abi.encodeCall(ILiquidator.quote, (other, 1e18));
    }
}
