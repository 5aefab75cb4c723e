import type { Fork } from "../../../scripts/io/fork.js";
import type { Protocol } from "../../../scripts/io/protocol.js";
import type { Address } from "../../../scripts/core/mainnet.js";

import { expect } from "chai";
import { Interface, Wallet, parseEther, parseUnits } from "ethers";

import { MAINNET } from "../../../scripts/core/mainnet.js";
import { accountId } from "../../../scripts/core/order.js";
import { openFork } from "../../../scripts/io/fork.js";
import { deployProtocol, parametersFor } from "../../../scripts/io/protocol.js";
import { toAddress, unlock } from "../../../scripts/io/rpc.js";
import { balanceOf, deal, encodeApprove } from "../../../scripts/io/tokens.js";
import { Errors__factory } from "../../../typechain-types/index.js";

const PRICES = { ETH: 2_000_00000000n, BTC: 40_000_00000000n, USDC: 1_00000000n };
const ROUTER = new Interface([
  "function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) payable returns (uint256)",
]);
const { WETH, USDC } = MAINNET.tokens;
const { router } = MAINNET.uniswap;
const FAR = 2n ** 64n;

describe("A wallet's ways in, on a fork with Uniswap's own router", () => {
  let fork: Fork;
  let protocol: Protocol;
  let owner: Address;
  let id: bigint;

  before(async () => {
    fork = await openFork({ prices: PRICES });
    protocol = await deployProtocol(fork.connection, await parametersFor("fork"));
    const { addresses, marginAccount } = protocol;
    owner = await unlock(fork.rpc, "owner");
    id = accountId(owner, 0n);
    const lender = await unlock(fork.rpc, "lender");
    await deal(fork.rpc, USDC.address, lender, parseUnits("1000000", 6));
    // Enough ether beside the owner's that no outflow limit holds his up.
    await deal(fork.rpc, WETH.address, lender, parseEther("1000"));
    for (const [from, token] of [
      [lender, USDC.address],
      [lender, WETH.address],
      [owner, USDC.address],
      [owner, WETH.address],
    ] as const) {
      await (await sender(from)).sendTransaction({ to: token, data: encodeApprove(addresses.vault, FAR * FAR) });
    }
    const lending = marginAccount.connect(await sender(lender));
    await lending.deposit(accountId(lender, 0n), USDC.address, parseUnits("1000000", 6));
    await lending.deposit(accountId(lender, 0n), WETH.address, parseEther("1000"));
  });

  after(async () => await fork.close());

  const sender = async (from: Address) => await fork.connection.ethers.getSigner(from);
  const byOwner = async () => protocol.marginAccount.connect(await sender(owner));

  /** The executor swaps all that it was given and sends the proceeds to the owner. */
  const swap = (from: Address, to: Address, amount: bigint, least: bigint): string => {
    const order = [from, to, MAINNET.pools.ETH.feePips, owner, FAR, amount, least, 0n];
    const calls = [
      { target: from, data: encodeApprove(router, amount) },
      { target: router, data: ROUTER.encodeFunctionData("exactInputSingle", [order]) },
    ];
    return protocol.marginAccount.interface.encodeFunctionData("act", [calls, [from]]);
  };

  it("takes ether, leverages it, deleverages, and pays out ether", async () => {
    const { marginAccount, addresses } = protocol;
    const { interface: calls } = marginAccount;
    const account = await byOwner();
    await account.depositNative(id, { value: parseEther("10") });
    expect(await marginAccount.collateralOf(id, 1)).to.equal(parseEther("10"));
    expect(await balanceOf(fork.rpc, WETH.address, addresses.vault)).to.equal(parseEther("1010"));

    // Ten ether carry less than this by themselves.
    const borrowed = parseUnits("20000", 6);
    expect((await marginAccount.maxWithdraw(id, USDC.address)) < borrowed).to.equal(true);
    const bought = parseEther("9.9");
    await account.multicall(id, [
      calls.encodeFunctionData("withdraw", [id, USDC.address, borrowed, addresses.executor]),
      swap(USDC.address, WETH.address, borrowed, bought),
      calls.encodeFunctionData("deposit", [id, WETH.address, bought]),
    ]);
    expect(await marginAccount.collateralOf(id, 1)).to.equal(parseEther("19.9"));
    expect(await marginAccount.cashOf(id)).to.be.within(-borrowed - 10n, -borrowed);

    const sold = parseEther("10.2");
    const repaid = parseUnits("20001", 6);
    await account.multicall(id, [
      calls.encodeFunctionData("withdraw", [id, WETH.address, sold, addresses.executor]),
      swap(WETH.address, USDC.address, sold, repaid),
      calls.encodeFunctionData("deposit", [id, USDC.address, repaid]),
    ]);
    expect(await marginAccount.cashOf(id)).to.be.within(0n, parseUnits("1", 6));
    for (const token of [USDC, WETH]) expect(await balanceOf(fork.rpc, token.address, addresses.executor)).to.equal(0n);

    const receiver = Wallet.createRandom().address;
    await account.withdrawNative(id, 2n ** 256n - 1n, receiver);
    expect(await fork.connection.ethers.provider.getBalance(receiver)).to.equal(parseEther("9.7"));
    expect(await marginAccount.collateralOf(id, 1)).to.equal(0n);
  });

  it("refuses a batch whose swap brought too little", async () => {
    const { marginAccount, addresses } = protocol;
    const { interface: calls } = marginAccount;
    const account = await byOwner();
    await account.depositNative(id, { value: parseEther("10") });
    const borrowed = parseUnits("20000", 6);
    const batch = [
      calls.encodeFunctionData("withdraw", [id, USDC.address, borrowed, addresses.executor]),
      swap(USDC.address, WETH.address, borrowed, 0n),
      calls.encodeFunctionData("deposit", [id, WETH.address, parseEther("1")]),
    ];
    const errors = Errors__factory.connect(addresses.marginAccount, await sender(owner));
    await expect(account.multicall(id, batch)).to.be.revertedWithCustomError(
      errors,
      "MarginAccount_BelowInitialMargin",
    );
  });

  it("takes a grant that a wallet signed as typed data", async () => {
    const { marginAccount, addresses } = protocol;
    const wallet = Wallet.createRandom();
    const account = accountId(toAddress(wallet.address), 0n);
    const grant = { account, operator: owner, rights: 3n, nonce: 0n, deadline: FAR };
    const signature = await wallet.signTypedData(
      { name: "Ballast", version: "1", chainId: 1n, verifyingContract: addresses.marginAccount },
      {
        Grant: [
          { name: "account", type: "uint256" },
          { name: "operator", type: "address" },
          { name: "rights", type: "uint8" },
          { name: "nonce", type: "uint256" },
          { name: "deadline", type: "uint256" },
        ],
      },
      grant,
    );
    await (await byOwner()).grantBySignature(account, owner, 3n, 0n, FAR, signature);
    expect(await marginAccount.rightsOf(account, owner)).to.equal(3n);
  });
});
