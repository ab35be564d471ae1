"""What a developer would write instead: an endpoint with a pydantic body and a key."""

import uuid
from typing import Annotated, Literal

from bare import serve
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

app = FastAPI()


class Invitation(BaseModel):
    """The body of Partoo's invitation."""

    business_id: str
    target_phone: str
    target_name: Annotated[str, Field(max_length=255)] = ""
    template_id: int | None = None
    invite_content: str | None = None
    force: Literal["True", "False"] = "False"


@app.post("/partoo/v2/review_booster/send_invitation")
async def send_invitation(
    invitation: Invitation, x_apikey: Annotated[str | None, Header(alias="x-apikey")] = None
) -> dict[str, str]:
    """Check the key and answer; nothing is remembered."""
    if x_apikey != "demo-partoo-key" or not invitation.business_id:
        raise HTTPException(401)
    return {"invitation_id": str(uuid.UUID(int=1)), "status": "success"}


if __name__ == "__main__":
    serve(app)
