// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
package import Wire

/// SSH_MSG_USERAUTH_FAILURE (RFC 4252 section 5.1).
package struct UserAuthFailure: SSHMessage {
    package static let number = MessageNumber.userAuthFailure
    /// The methods that may productively be tried next.
    package var methods: [String]
    /// Whether the request succeeded, but more is wanted.
    package var partialSuccess: Bool

    package init(methods: [String], partialSuccess: Bool) {
        self.methods = methods
        self.partialSuccess = partialSuccess
    }

    package init(from reader: inout WireReader) throws(WireError) {
        methods = try reader.readNameList()
        partialSuccess = try reader.readBool()
    }

    package func write(to writer: inout WireWriter) {
        writer.writeNameList(methods)
        writer.write(partialSuccess)
    }
}

/// SSH_MSG_USERAUTH_SUCCESS (RFC 4252 section 5.1).
package struct UserAuthSuccess: EmptySSHMessage {
    package static let number = MessageNumber.userAuthSuccess
    package init() {}
}

/// SSH_MSG_USERAUTH_BANNER (RFC 4252 section 5.4).
package struct UserAuthBanner: SSHMessage {
    package static let number = MessageNumber.userAuthBanner
    package var message: String

    package init(message: String) { self.message = message }

    package init(from reader: inout WireReader) throws(WireError) {
        message = try reader.readText()
        if !reader.isAtEnd { _ = try reader.readString() }
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(message)
        writer.writeString("")
    }
}

/// SSH_MSG_USERAUTH_PK_OK (RFC 4252 section 7): a signature by this key would do.
package struct UserAuthPKOK: SSHMessage {
    package static let number = MessageNumber.userAuthMethodRequest
    package var algorithm: String
    package var blob: Bytes

    package init(algorithm: String, blob: Bytes) {
        self.algorithm = algorithm
        self.blob = blob
    }

    package init(from reader: inout WireReader) throws(WireError) {
        algorithm = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        blob = try reader.readString(limit: SSHLimits.publicKeyBytes)
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(algorithm)
        writer.writeString(blob)
    }
}

/// SSH_MSG_USERAUTH_PASSWD_CHANGEREQ (RFC 4252 section 8): the password has expired.
package struct UserAuthPasswordChangeRequest: SSHMessage {
    package static let number = MessageNumber.userAuthMethodRequest
    package var prompt: String

    package init(prompt: String) { self.prompt = prompt }

    package init(from reader: inout WireReader) throws(WireError) {
        prompt = try reader.readText()
        if !reader.isAtEnd { _ = try reader.readString() }
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(prompt)
        writer.writeString("")
    }
}

/// SSH_MSG_USERAUTH_INFO_REQUEST (RFC 4256 section 3.2).
package struct UserAuthInfoRequest: SSHMessage {
    package static let number = MessageNumber.userAuthMethodRequest
    package var name: String
    package var instruction: String
    package var prompts: [Prompt]

    package typealias Prompt = AuthenticationPrompt

    package init(name: String, instruction: String, prompts: [Prompt]) {
        self.name = name
        self.instruction = instruction
        self.prompts = prompts
    }

    package init(from reader: inout WireReader) throws(WireError) {
        name = try reader.readText()
        instruction = try reader.readText()
        _ = try reader.readString()  // The language tag, which RFC 4256 deprecates.
        let count = try reader.readCount(
            limit: SSHLimits.interactivePrompts, minimumElementBytes: 5)
        prompts = []
        for _ in 0..<count {
            prompts.append(
                Prompt(text: try reader.readText(), echoes: try reader.readBool()))
        }
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(name)
        writer.writeString(instruction)
        writer.writeString("")
        writer.write(UInt32(prompts.count))
        for prompt in prompts {
            writer.writeString(prompt.text)
            writer.write(prompt.echoes)
        }
    }
}

/// SSH_MSG_USERAUTH_INFO_RESPONSE (RFC 4256 section 3.4).
package struct UserAuthInfoResponse: SSHMessage {
    package static let number = MessageNumber.userAuthMethodResponse
    package var responses: [Bytes]

    package init(responses: [Bytes]) { self.responses = responses }

    package init(from reader: inout WireReader) throws(WireError) {
        let count = try reader.readCount(
            limit: SSHLimits.interactivePrompts, minimumElementBytes: 4)
        responses = []
        for _ in 0..<count {
            responses.append(try reader.readString(limit: SSHLimits.passwordBytes))
        }
    }

    package func write(to writer: inout WireWriter) {
        writer.write(UInt32(responses.count))
        for response in responses { writer.writeString(response) }
    }

    /// Writes a whole payload with answers that must not be copied.
    static func write(_ responses: [Secret], to writer: inout WireWriter) {
        writer.write(number.rawValue)
        writer.write(UInt32(responses.count))
        for response in responses { response.withSpan { writer.writeString($0) } }
    }
}
