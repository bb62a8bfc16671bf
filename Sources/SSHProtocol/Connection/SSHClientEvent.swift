// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// What a client connection tells its owner.
public enum SSHClientEvent: Sendable {
    /// The server proved that it holds this key. Nothing of authentication is sent before
    /// ``SSHClientConnection/acceptHostKey(now:)``.
    case hostKeyVerificationRequired(HostKey)
    /// A text for the user, unescaped.
    case banner(String)
    /// A method may be tried: ``SSHClientConnection/authenticate(_:)``.
    case authenticationRequired(AuthenticationStatus)
    /// Answer with ``SSHClientConnection/provideSignature(_:)`` or
    /// ``SSHClientConnection/declineSignature()``, now or later.
    case signatureRequired(SignatureRequest)
    /// Answer with ``SSHClientConnection/answerQuestions(_:)`` or
    /// ``SSHClientConnection/declineQuestions()``, now or later.
    case questionsAsked(AuthenticationQuestions)
    /// The user is authenticated: channels may be opened.
    case authenticated
    /// Something happened on a channel.
    case channel(ChannelID, ChannelEvent)
    /// The server's host keys: `hostkeys-00@openssh.com`. They are the server's word until proved.
    case hostKeysAdvertised([Bytes])
    /// The server proved that it holds all of the keys that it was asked about, or none is given.
    case hostKeysProved([PublicKey])
    /// A keepalive came back.
    case keepaliveAnswered
    /// The connection has ended: the last event.
    case disconnected(SSHError)
}
