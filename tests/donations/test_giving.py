"""The four screens."""

from cishan.plumbing import db as database
from tests.donations.conftest import Giver


async def test_a_gift_goes_from_the_first_screen_to_the_books(giver: Giver) -> None:
    first = await giver.page("/give/warm-meals")
    assert "孝老助餐 暖心饭桌" in first
    begun = await giver.paid(display_name="爱心邻居", anonymity="alias", message="热饭暖人心")
    gift = await begun.now()
    assert (gift["amount_fen"], gift["status"], gift["channel"]) == (8_880, "paid", "wechat_pay")
    page = await giver.page(begun.path)
    assert gift["number"] in page
    assert "爱心邻居" in page
    books = await database.fetch(
        "SELECT a.gl_code, l.amount FROM books.line AS l JOIN books.account AS a ON a.id = l.account_id"
        " JOIN books.fund AS f ON f.id = a.fund_id WHERE f.code = 'F-CSC.01' ORDER BY l.amount DESC"
    )
    assert [(r["gl_code"], r["amount"]) for r in books] == [("1009", 8_880), ("410102", -8_880)]
