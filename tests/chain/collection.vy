# pragma version ~=0.4.3
"""
@title A collection of tokens whose pictures are revealed after they were minted
@license MIT
@notice An ERC-721 with royalties (ERC-2981). Anybody mints tokens for the author of a prompt, who
        is paid half of the price. An account with the keeper's role reveals each token, once, by the
        address of its metadata; until then all tokens have the same.
@dev    Written to be read, and for tests: it was not audited. A reveal does not ask whether a token
        exists yet. So its keeper must wait until the mint is deep in the chain.
"""
from ethereum.ercs import IERC165
from ethereum.ercs import IERC721

implements: IERC165
implements: IERC721

interface Receiver:
    def onERC721Received(operator: address, sender: address, token_id: uint256, data: Bytes[1024]) -> bytes4: nonpayable

event BatchMinted:
    minter: indexed(address)
    promptAuthor: indexed(address)
    startTokenId: indexed(uint256)
    quantity: uint256
    totalPaid: uint256

event TokensRevealed:
    tokenIds: DynArray[uint256, 50]

event AuthorClaimed:
    author: indexed(address)
    amount: uint256

event SeasonEnded:
    timestamp: uint256

event RoleGranted:
    role: indexed(bytes32)
    account: indexed(address)
    sender: indexed(address)

event RoleRevoked:
    role: indexed(bytes32)
    account: indexed(address)
    sender: indexed(address)

DEFAULT_ADMIN_ROLE: public(constant(bytes32)) = empty(bytes32)
KEEPER_ROLE: public(constant(bytes32)) = keccak256("KEEPER_ROLE")
MAX_BATCH_SIZE: public(constant(uint256)) = 50
ROYALTY_BASIS_POINTS: constant(uint256) = 250

name: public(immutable(String[32]))
symbol: public(immutable(String[16]))
treasury: immutable(address)

nextTokenId: public(uint256)
mintPrice: public(uint256)
treasuryBalance: public(uint256)
seasonEnded: public(bool)
authorClaimable: public(HashMap[address, uint256])
tokenPromptAuthor: public(HashMap[uint256, address])
hasRole: public(HashMap[bytes32, HashMap[address, bool]])
isApprovedForAll: public(HashMap[address, HashMap[address, bool]])

placeholder: String[128]
owners: HashMap[uint256, address]
balances: HashMap[address, uint256]
approvals: HashMap[uint256, address]
uris: HashMap[uint256, String[128]]  # of revealed tokens; never empty for one


@deploy
def __init__(name_: String[32], symbol_: String[16], placeholderURI: String[128], price: uint256):
    name = name_
    symbol = symbol_
    treasury = msg.sender
    self.placeholder = placeholderURI
    self.mintPrice = price
    self.nextTokenId = 1
    self._grant(DEFAULT_ADMIN_ROLE, msg.sender)


# -- roles ---------------------------------------------------------------------------------------

@internal
@view
def _only(role: bytes32):
    """The role, or the administrator's."""
    if not (self.hasRole[role][msg.sender] or self.hasRole[DEFAULT_ADMIN_ROLE][msg.sender]):
        raw_revert(abi_encode(msg.sender, role, method_id=method_id("AccessControlUnauthorizedAccount(address,bytes32)")))


@internal
def _grant(role: bytes32, account: address):
    self.hasRole[role][account] = True
    log RoleGranted(role=role, account=account, sender=msg.sender)


@external
def grantRole(role: bytes32, account: address):
    self._only(DEFAULT_ADMIN_ROLE)
    self._grant(role, account)


@external
def revokeRole(role: bytes32, account: address):
    self._only(DEFAULT_ADMIN_ROLE)
    self.hasRole[role][account] = False
    log RoleRevoked(role=role, account=account, sender=msg.sender)


# -- minting and revealing -------------------------------------------------------------------------

@external
@payable
def mint(promptAuthor: address, quantity: uint256):
    if self.seasonEnded:
        raw_revert(method_id("MintingDisabled()"))
    if promptAuthor == empty(address):
        raw_revert(method_id("InvalidPromptAuthor()"))
    if quantity == 0:
        raw_revert(method_id("InvalidQuantity()"))
    if quantity > MAX_BATCH_SIZE:
        raw_revert(method_id("ExceedsMaxBatchSize()"))
    price: uint256 = self.mintPrice * quantity
    if msg.value < price:
        raw_revert(method_id("InsufficientPayment()"))

    share: uint256 = price // 2
    self.authorClaimable[promptAuthor] += share
    self.treasuryBalance += msg.value - share

    start: uint256 = self.nextTokenId
    self.nextTokenId = start + quantity
    self.balances[msg.sender] += quantity
    for index: uint256 in range(quantity, bound=MAX_BATCH_SIZE):
        token_id: uint256 = start + index
        self.owners[token_id] = msg.sender
        self.tokenPromptAuthor[token_id] = promptAuthor
        log IERC721.Transfer(sender=empty(address), receiver=msg.sender, token_id=token_id)
    log BatchMinted(
        minter=msg.sender, promptAuthor=promptAuthor, startTokenId=start, quantity=quantity, totalPaid=msg.value
    )


@external
def revealTokens(tokenIds: DynArray[uint256, 50], tokenURIs: DynArray[String[128], 50]):
    self._only(KEEPER_ROLE)
    if len(tokenIds) != len(tokenURIs):
        raw_revert(method_id("LengthMismatch()"))
    for index: uint256 in range(len(tokenIds), bound=MAX_BATCH_SIZE):
        token_id: uint256 = tokenIds[index]
        assert len(tokenURIs[index]) > 0, "no address"
        if len(self.uris[token_id]) > 0:
            raw_revert(abi_encode(token_id, method_id=method_id("AlreadyRevealed(uint256)")))
        self.uris[token_id] = tokenURIs[index]
    log TokensRevealed(tokenIds=tokenIds)


@external
@view
def isRevealed(tokenId: uint256) -> bool:
    return len(self.uris[tokenId]) > 0


@external
@view
def tokenURI(tokenId: uint256) -> String[128]:
    self._owner_of(tokenId)
    if len(self.uris[tokenId]) > 0:
        return self.uris[tokenId]
    return self.placeholder


# -- money -----------------------------------------------------------------------------------------

@external
def setMintPrice(price: uint256):
    self._only(DEFAULT_ADMIN_ROLE)
    self.mintPrice = price


@external
def endSeason():
    self._only(DEFAULT_ADMIN_ROLE)
    self.seasonEnded = True
    log SeasonEnded(timestamp=block.timestamp)


@external
def claimAuthorRewards():
    amount: uint256 = self.authorClaimable[msg.sender]
    self.authorClaimable[msg.sender] = 0
    raw_call(msg.sender, b"", value=amount)
    log AuthorClaimed(author=msg.sender, amount=amount)


@external
def withdrawTreasury():
    self._only(DEFAULT_ADMIN_ROLE)
    amount: uint256 = self.treasuryBalance
    self.treasuryBalance = 0
    raw_call(treasury, b"", value=amount)


@external
@view
def royaltyInfo(tokenId: uint256, salePrice: uint256) -> (address, uint256):
    return treasury, salePrice * ROYALTY_BASIS_POINTS // 10_000


# -- ERC-165 and ERC-721 ---------------------------------------------------------------------------

@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id in [0x01ffc9a7, 0x80ac58cd, 0x5b5e139f, 0x2a55205a]


@external
@view
def totalSupply() -> uint256:
    return self.nextTokenId - 1


@internal
@view
def _owner_of(token_id: uint256) -> address:
    owner: address = self.owners[token_id]
    if owner == empty(address):
        raw_revert(abi_encode(token_id, method_id=method_id("ERC721NonexistentToken(uint256)")))
    return owner


@external
@view
def ownerOf(tokenId: uint256) -> address:
    return self._owner_of(tokenId)


@external
@view
def balanceOf(owner: address) -> uint256:
    assert owner != empty(address), "nobody"
    return self.balances[owner]


@external
@view
def getApproved(tokenId: uint256) -> address:
    self._owner_of(tokenId)
    return self.approvals[tokenId]


@external
@payable
def approve(approved: address, tokenId: uint256):
    owner: address = self._owner_of(tokenId)
    assert owner == msg.sender or self.isApprovedForAll[owner][msg.sender], "not allowed"
    self.approvals[tokenId] = approved
    log IERC721.Approval(owner=owner, approved=approved, token_id=tokenId)


@external
def setApprovalForAll(operator: address, approved: bool):
    self.isApprovedForAll[msg.sender][operator] = approved
    log IERC721.ApprovalForAll(owner=msg.sender, operator=operator, approved=approved)


@internal
def _transfer(sender: address, receiver: address, token_id: uint256):
    owner: address = self._owner_of(token_id)
    assert owner == sender and receiver != empty(address), "wrong addresses"
    assert (
        owner == msg.sender
        or self.approvals[token_id] == msg.sender
        or self.isApprovedForAll[owner][msg.sender]
    ), "not allowed"
    self.approvals[token_id] = empty(address)
    self.owners[token_id] = receiver
    self.balances[sender] -= 1
    self.balances[receiver] += 1
    log IERC721.Transfer(sender=sender, receiver=receiver, token_id=token_id)


@external
@payable
def transferFrom(sender: address, receiver: address, tokenId: uint256):
    self._transfer(sender, receiver, tokenId)


@external
@payable
def safeTransferFrom(sender: address, receiver: address, tokenId: uint256, data: Bytes[1024] = b""):
    self._transfer(sender, receiver, tokenId)
    if receiver.is_contract:
        answer: bytes4 = extcall Receiver(receiver).onERC721Received(msg.sender, sender, tokenId, data)
        assert answer == method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4), "refused"
