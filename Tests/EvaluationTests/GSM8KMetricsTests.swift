import Foundation
import TestSupport
import Testing

@testable import Evaluation

struct DecimalNumberTests {
    @Test(arguments: [
        ("18", "18"), ("18.0", "18"), ("018", "18"), ("1,234", "1234"), ("$1,234.50", "1234.5"), ("18.", "18"),
        ("-3", "-3"), ("-0.0", "0"), (".5", "0.5"), ("-$.50", "-0.5"), (" 7\n", "7"), ("100", "100"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ])
    func `numbers are read exactly`(text: String, written: String) {
        #expect(DecimalNumber(text)?.description == written)
    }

    @Test(arguments: ["", "-", ".", "$", ",", "...", "1.2.3", "--1", "1-2", "four", "٣", "1e3", "-."])
    func `what is no number is refused`(text: String) {
        #expect(DecimalNumber(text) == nil)
    }

    @Test func `equal numbers are equal, however written`() {
        #expect(DecimalNumber("18.0") == DecimalNumber("18"))
        #expect(DecimalNumber("0.1") != DecimalNumber("0.10000000000000001"))
        #expect(DecimalNumber("-1") != DecimalNumber("1"))
    }
}

struct GSM8KMetricsTests {
    @Test func `strict reading takes the number after the first mark`() {
        #expect(GSM8KMetrics.strictMatch("16 - 7 = 9 and 9 * 2 = 18\n#### 18", gold: "18") == 1)
        #expect(GSM8KMetrics.strictMatch("#### 1,234.", gold: "1234") == 1)
        #expect(GSM8KMetrics.strictMatch("#### 5\n#### 6", gold: "5") == 1)
        #expect(GSM8KMetrics.strictMatch("#### 5\n#### 6", gold: "6") == 0)
        #expect(GSM8KMetrics.strictMatch("####  5 #### six #### -7", gold: "-7") == 1)
        #expect(GSM8KMetrics.strictMatch("The answer is 18", gold: "18") == 0)
        #expect(GSM8KMetrics.strictMatch("####18", gold: "18") == 0)
        #expect(GSM8KMetrics.strictMatch("#### $18", gold: "18") == 0)
    }

    @Test func `flexible reading takes the last number`() {
        #expect(GSM8KMetrics.flexibleMatch("3 apples, so $1,234.", gold: "1234") == 1)
        #expect(GSM8KMetrics.flexibleMatch("it is 18.0", gold: "18") == 1)
        #expect(GSM8KMetrics.flexibleMatch("#### 5\n#### 6", gold: "6") == 1)
        #expect(GSM8KMetrics.flexibleMatch("from 4 to -12", gold: "-12") == 1)
        #expect(GSM8KMetrics.flexibleMatch("It is 7. So, ...", gold: "7") == 1)
        #expect(GSM8KMetrics.flexibleMatch("18%", gold: "18") == 1)
        #expect(GSM8KMetrics.flexibleMatch("18 and 19", gold: "18") == 0)
        #expect(GSM8KMetrics.flexibleMatch("no number", gold: "18") == 0)
        #expect(GSM8KMetrics.flexibleMatch("", gold: "18") == 0)
    }

    @Test func `numbers are those of Python`() throws {
        for item in try MetricsFixture.read().gsm8k {
            #expect(
                GSM8KMetrics.strictNumber(in: item.answer)?.description == item.strict,
                "\(item.answer.debugDescription)")
            #expect(
                GSM8KMetrics.flexibleNumber(in: item.answer)?.description == item.flexible,
                "\(item.answer.debugDescription)")
        }
    }

    private struct Problem: Decodable { var answer: String }

    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `every solution of the test set is right both ways`() throws {
        let text = try String(contentsOf: SharedData.path("gsm8k/test.jsonl"), encoding: .utf8)
        let problems = try text.split(separator: "\n").map {
            try JSONDecoder().decode(Problem.self, from: Data($0.utf8))
        }
        #expect(problems.count == 1319)
        for problem in problems {
            let gold = String(problem.answer.split(separator: "#### ").last ?? "")
            #expect(GSM8KMetrics.strictMatch(problem.answer, gold: gold) == 1)
            #expect(GSM8KMetrics.flexibleMatch(problem.answer, gold: gold) == 1)
        }
    }
}
